import { systemClock } from '../src/base/clock.ts';
import type { Log } from '../src/base/log.ts';
import type { Browser } from '../src/platform/browser.ts';
import { chooseDemoProgram } from '../src/platform/demo-program/choose.ts';
import { chooseKeychain } from '../src/platform/keychain/choose.ts';
import { chooseNotifier } from '../src/platform/notifier/choose.ts';
import type { Platform } from '../src/platform/platform.ts';
import { chooseProcessIdentity } from '../src/platform/process-identity/choose.ts';
import { chooseTray } from '../src/platform/tray/choose.ts';
import { dataFiles } from '../src/shell/data-files.ts';
import type { Endings } from '../src/shell/endings.ts';
import type { ElectronParts } from './electron-api.ts';
import { createElectronNotifier } from './notifier.ts';
import { createElectronTray } from './tray.ts';

export interface PlatformChoice {
  readonly electron: Pick<ElectronParts, 'createNotice' | 'isNoticeSupported' | 'createTray'>;
  readonly browser: Browser;
  readonly dataFolder: string;
  readonly log: Log;
  readonly endings: Endings;
}

/** The adapters of this machine with Electron. On Linux its notifications have no buttons, so D-Bus is spoken there. */
export async function choosePlatform({ electron, browser, dataFolder, log, endings }: PlatformChoice): Promise<Platform> {
  const name = process.platform;
  const keychain = await chooseKeychain({ file: dataFiles(dataFolder).keyItems });
  const notifier =
    name === 'linux'
      ? chooseNotifier(name, { log })
      : createElectronNotifier({ isSupported: electron.isNoticeSupported, create: electron.createNotice });
  const tray = name === 'linux' ? chooseTray(name, { log }) : createElectronTray(electron.createTray);
  const demo = chooseDemoProgram({ log });
  endings.add(() => notifier.stop());
  endings.add(() => tray.stop());
  endings.add(() => demo.stop());
  return { clock: systemClock, log, keychain, notifier, tray, browser, processes: chooseProcessIdentity(name, { log }), demo };
}
