/** The icon in the panel. Its actions may only open, lock, pause and end (security rule 29). */
export interface TrayState {
  readonly vault: 'absent' | 'locked' | 'unlocked';
  readonly paused: boolean;
  readonly pendingCount: number;
}

export const trayActions = ['open', 'open-oldest', 'pause', 'lock', 'revoke-everything', 'quit'] as const;
export type TrayAction = (typeof trayActions)[number];

export interface Tray {
  show(state: TrayState): void;
  onAction(listener: (action: TrayAction) => void): () => void;
  stop(): Promise<void>;
}
