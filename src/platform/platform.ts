/**
 * The machine, as small ports. One interface per file here; adapters for each system one folder down,
 * chosen by a shell and by nobody else. Nothing under `src/` reads the environment or imports `electron`
 * except through what is passed in here.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Browser } from './browser.ts';
import type { DemoProgram } from './demo-program.ts';
import type { Keychain } from './keychain.ts';
import type { Notifier } from './notifier.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { Tray } from './tray.ts';

export interface Platform {
  readonly clock: Clock;
  readonly log: Log;
  readonly keychain: Keychain;
  readonly notifier: Notifier;
  readonly tray: Tray;
  readonly browser: Browser;
  readonly processes: ProcessIdentity;
  readonly demo: DemoProgram;
}
