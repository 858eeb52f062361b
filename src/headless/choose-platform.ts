import process from 'node:process';
import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { chooseBrowser } from '../platform/browser/choose.ts';
import { chooseDemoProgram } from '../platform/demo-program/choose.ts';
import { chooseKeychain } from '../platform/keychain/choose.ts';
import { chooseNotifier } from '../platform/notifier/choose.ts';
import type { Platform } from '../platform/platform.ts';
import { chooseProcessIdentity } from '../platform/process-identity/choose.ts';
import { chooseTray } from '../platform/tray/choose.ts';
import { dataFiles } from '../shell/data-files.ts';
import type { Endings } from '../shell/endings.ts';
import type { Environment } from '../shell/folders.ts';

export interface PlatformChoice {
  readonly dataFolder: string;
  readonly environment: Environment;
  readonly log: Log;
  /** What was started here is ended with the rest. */
  readonly endings: Endings;
}

/** The adapters of this machine for a process without Electron. Refuses `keychain_refused` and `keychain_unavailable`. */
export async function choosePlatform({ dataFolder, environment, log, endings }: PlatformChoice): Promise<Platform> {
  const keychain = await chooseKeychain({ file: dataFiles(dataFolder).keyItems });
  const uid = process.getuid?.();
  const browser = chooseBrowser(process.platform, { log, environment, dataFolder, ...(uid === undefined ? {} : { uid }) });
  const notifier = chooseNotifier(process.platform, { log });
  const tray = chooseTray(process.platform, { log });
  const demo = chooseDemoProgram({ log });
  endings.add(() => browser.stop());
  endings.add(() => notifier.stop());
  endings.add(() => tray.stop());
  endings.add(() => demo.stop());
  return {
    clock: systemClock,
    log,
    keychain,
    notifier,
    tray,
    browser,
    processes: chooseProcessIdentity(process.platform, { log }),
    demo,
  };
}
