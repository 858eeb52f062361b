import type { BrowserWindowConstructorOptions } from 'electron';
import type { UiWindow } from './electron-api.ts';

/** The profile of the window: without `persist:` nothing that the page keeps reaches the disk. */
export const uiPartition = 'counterfoil-ui';

/** How the window is made. Each preference that keeps the page in is named, so that a changed default cannot let it out. */
export function windowOptions(preload: string): BrowserWindowConstructorOptions {
  return {
    width: 1180,
    height: 800,
    minWidth: 720,
    minHeight: 520,
    show: false,
    title: 'Counterfoil',
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      partition: uiPartition,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: false,
    },
  };
}

/** The one window: made when it is first wanted, hidden when it is closed, shown again. */
export interface UiWindows {
  /** `page` is a fragment of ours, such as `open=apr_…`. */
  open(page?: string): Promise<void>;
  /** From now on closing the window closes it. */
  release(): void;
}

/** Keeps one window over its life. Closing hides it: agents go on, the tray stays. */
export function keepWindow(create: () => UiWindow, origin: string, hides: boolean): UiWindows {
  let current: UiWindow | undefined;
  let released = false;

  function make(): UiWindow {
    const made = create();
    made.on('close', (event) => {
      if (released || !hides) return;
      event.preventDefault();
      made.hide();
    });
    return made;
  }

  return {
    async open(page) {
      const isNew = current === undefined || current.isDestroyed();
      const shown = isNew || current === undefined ? make() : current;
      current = shown;
      if (isNew) await shown.loadURL(`${origin}/${page === undefined ? '' : `#${page}`}`);
      if (shown.isMinimized()) shown.restore();
      shown.show();
      shown.focus();
    },
    release() {
      released = true;
    },
  };
}
