/** The icon in the panel. Its actions may only open, pause and lock (security rule 29), and quit where no program can choose that. */
export interface TrayState {
  readonly vault: 'absent' | 'locked' | 'unlocked';
  readonly paused: boolean;
  readonly pendingCount: number;
}

/** `revoke-everything` asks for the window in which that is answered. */
export const trayActions = ['open', 'open-oldest', 'pause', 'lock', 'revoke-everything', 'quit'] as const;
export type TrayAction = (typeof trayActions)[number];

export interface Tray {
  show(state: TrayState): void;
  onAction(listener: (action: TrayAction) => void): () => void;
  stop(): Promise<void>;
}
