import { type IconMark, markFor } from '../src/platform/tray/draw-icon.ts';
import { type MenuItem, menuFor, stateLine } from '../src/platform/tray/menu.ts';
import type { Tray, TrayAction } from '../src/platform/tray.ts';
import type { SystemTray, TrayEntry, TrayIcon } from './electron-api.ts';

/** The icon in the menu bar of macOS or the taskbar of Windows. On Linux the D-Bus tray is used instead; the menu is the same. */
export function createElectronTray(create: () => SystemTray): Tray {
  const listeners = new Set<(action: TrayAction) => void>();
  let tray: SystemTray | undefined;

  function act(action: TrayAction): void {
    for (const listener of [...listeners]) listener(action);
  }

  function entryFor(item: MenuItem): TrayEntry {
    if (item.kind === 'separator') return { kind: 'separator' };
    const { label, enabled, action } = item;
    return action === undefined ? { kind: 'line', label, enabled } : { kind: 'line', label, enabled, click: () => act(action) };
  }

  function begin(): SystemTray {
    const made = create();
    made.onClick(() => act('open'));
    return made;
  }

  return {
    show(state) {
      tray ??= begin();
      tray.setIcon(iconFor(markFor(state)));
      tray.setToolTip(`Counterfoil: ${stateLine(state)}`);
      tray.setMenu(menuFor(state, true).map(entryFor));
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

/** The picture of a mark; from ten on there is one for all. */
function iconFor(mark: IconMark): TrayIcon {
  if (mark.kind !== 'waiting') return mark.kind;
  return mark.count > 9 ? 'waiting-9-plus' : `waiting-${mark.count}`;
}
