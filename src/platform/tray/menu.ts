import type { TrayAction, TrayState } from '../tray.ts';

/** One line of the menu. Lines without an action cannot be chosen. */
export type MenuItem =
  | { readonly id: number; readonly kind: 'separator' }
  | { readonly id: number; readonly kind: 'line'; readonly label: string; readonly enabled: boolean; readonly action?: TrayAction };

/**
 * The menu for a state. Ids stay the same, so a host may keep what it drew.
 *
 * @param isOurs True where the system draws the menu for us alone, so that only the person can choose from it; false on a bus.
 */
export function menuFor(state: TrayState, isOurs = false): readonly MenuItem[] {
  const unlocked = state.vault === 'unlocked';
  return [
    { id: 1, kind: 'line', label: stateLine(state), enabled: false },
    { id: 2, kind: 'separator' },
    { id: 3, kind: 'line', label: 'Open the oldest request', enabled: state.pendingCount > 0, action: 'open-oldest' },
    { id: 4, kind: 'line', label: 'Open Counterfoil', enabled: true, action: 'open' },
    { id: 5, kind: 'separator' },
    { id: 6, kind: 'line', label: 'Pause all agents', enabled: !state.paused, action: 'pause' },
    { id: 7, kind: 'line', label: 'Lock', enabled: unlocked, action: 'lock' },
    { id: 8, kind: 'line', label: 'Revoke everything …', enabled: state.vault !== 'absent', action: 'revoke-everything' },
    // security: rule 29, whatever is on the bus can be chosen by any program of this user
    ...(isOurs ? quitting : []),
  ];
}

const quitting: readonly MenuItem[] = [
  { id: 9, kind: 'separator' },
  { id: 10, kind: 'line', label: 'Quit', enabled: true, action: 'quit' },
];

/** The state in one line, for the top of the menu and the tooltip. */
export function stateLine(state: TrayState): string {
  const parts = [vaultWords[state.vault], waitingWords(state.pendingCount), state.paused ? 'agents are paused' : ''];
  const line = parts.filter((part) => part !== '').join(', ') || 'nothing is waiting';
  return line.charAt(0).toUpperCase() + line.slice(1);
}

const vaultWords = { absent: 'not set up yet', locked: 'locked', unlocked: '' } as const;

function waitingWords(count: number): string {
  if (count === 0) return '';
  return count === 1 ? '1 request is waiting' : `${count} requests are waiting`;
}
