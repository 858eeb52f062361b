import type { Tray, TrayAction, TrayState } from '../src/platform/tray.ts';
import type { SystemTray, TrayEntry } from './electron-api.ts';

/** The icon in the menu bar of macOS or the taskbar of Windows. On Linux the D-Bus tray is used instead. */
export function createElectronTray(create: () => SystemTray): Tray {
  const listeners = new Set<(action: TrayAction) => void>();
  let tray: SystemTray | undefined;

  const entry = (label: string, action: TrayAction, enabled = true): TrayEntry => ({
    label,
    enabled,
    click: () => {
      for (const listener of [...listeners]) listener(action);
    },
  });

  return {
    show(state) {
      tray ??= create();
      tray.setToolTip(`Counterfoil: ${describe(state)}`);
      tray.setMenu([
        { label: describe(state), enabled: false },
        entry('Open Counterfoil', 'open'),
        entry('Open oldest request', 'open-oldest', state.pendingCount > 0),
        entry('Pause all agents', 'pause', !state.paused),
        entry('Lock', 'lock', state.vault === 'unlocked'),
        entry('Revoke everything', 'revoke-everything', state.vault !== 'absent'),
        entry('Quit', 'quit'),
      ]);
    },
    onAction(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      listeners.clear();
      tray?.destroy();
      tray = undefined;
    },
  };
}

function describe({ vault, paused, pendingCount }: TrayState): string {
  const waiting = pendingCount === 1 ? '1 request waits' : `${pendingCount} requests wait`;
  const state = vault === 'absent' ? 'not set up yet' : vault;
  return [state, ...(paused ? ['agents paused'] : []), ...(pendingCount > 0 ? [waiting] : [])].join(', ');
}
