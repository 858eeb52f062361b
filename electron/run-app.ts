import { join } from 'node:path';
import { isRefusal } from '../src/base/errors.ts';
import { type Ground, takeGround } from '../src/shell/begin.ts';
import { createLog } from '../src/shell/create-log.ts';
import { Endings } from '../src/shell/endings.ts';
import type { Environment } from '../src/shell/folders.ts';
import { hostNameOf } from '../src/shell/host-name.ts';
import type { ShellOptions } from '../src/shell/shell-options.ts';
import { type CoreStart, goPublic, startCore } from '../src/shell/start-core.ts';
import { beginLife, type Life } from '../src/shell/until-stopped.ts';
import { createElectronBrowser } from './browser.ts';
import { choosePlatform } from './choose-platform.ts';
import type { ElectronApp, ElectronParts } from './electron-api.ts';
import { answerIpc } from './ipc.ts';
import { lockDownContents, lockDownSession } from './lock-down.ts';
import { serveUi } from './serve-ui.ts';
import { keepWindow, type UiWindows } from './window.ts';

export interface AppStart {
  readonly electron: ElectronParts;
  readonly options: ShellOptions;
  readonly environment: Environment;
  readonly uiFolder: string;
  readonly err: (line: string) => void;
}

/** Runs the app until it is quit, and returns the exit code. Explains in a box why it cannot start. */
export async function runApp(start: AppStart): Promise<number> {
  const { electron, environment, err } = start;
  // Nothing may be made before these two.
  electron.app.enableSandbox();
  lockDownContents(electron.app);
  try {
    const ground = await takeGround(environment);
    if (ground === 'shown') {
      err('Counterfoil is running already; its window was opened.');
      return 0;
    }
    return await runOnGround(start, ground);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const words = [error.message, error.hint].filter(Boolean).join('\n\n');
    err(words);
    electron.showError('Counterfoil cannot start', words);
    return error.code === 'port_taken' || error.code === 'already_running' ? 5 : 1;
  }
}

async function runOnGround(start: AppStart, { folders, lock }: Ground): Promise<number> {
  const { electron, options, uiFolder, err } = start;
  const log = createLog(folders.data, err);
  const endings = new Endings(log);
  const life = beginLife(log);
  endings.add(() => life.stop());
  endings.add(() => log.flush());
  endings.add(() => lock.release());
  try {
    electron.app.setPath('userData', join(folders.data, 'electron'));
    // Ours has been taken; this one lets the system's own ways of starting an app find the running one.
    if (!electron.app.requestSingleInstanceLock()) return 0;
    await electron.app.whenReady();
    const origin = `http://${hostNameOf(folders.data)}`;
    const windows = keepWindow(electron.createWindow, origin, true);
    followApp(electron.app, windows, life);
    const browser = createElectronBrowser({ openExternal: electron.openExternal, openWindow: (page) => windows.open(page) });
    const platform = await choosePlatform({ electron, browser, dataFolder: folders.data, log, endings });
    const openWindow: CoreStart['openWindow'] = (place) => {
      windows
        .open(place === undefined ? undefined : `open=${encodeURIComponent(place)}`)
        .catch((error: unknown) => log.error({ error: String(error) }, 'the window could not be opened'));
    };
    const coreStart: CoreStart = { platform, folders, endings, agentPort: options.port, openWindow, quit: life.quit };
    const core = await startCore(coreStart);
    const session = electron.uiSession();
    lockDownSession(session, origin);
    serveUi(session, { origin, folder: uiFolder });
    answerIpc({ ipc: electron.ipc, api: core.api, origin });
    await goPublic(core, coreStart);
    log.info({ issuer: core.issuer, pid: process.pid }, 'started');
    if (options.opensUi) await windows.open();
    const code = await life.over;
    windows.release();
    return code;
  } finally {
    await endings.run();
  }
}

/** Closing the window is not quitting, and quitting is done in order. */
function followApp(app: ElectronApp, windows: UiWindows, life: Life): void {
  app.on('window-all-closed', () => {});
  app.on('activate', () => void windows.open());
  app.on('second-instance', () => void windows.open());
  app.on('before-quit', (event) => {
    event.preventDefault();
    life.quit();
  });
}
