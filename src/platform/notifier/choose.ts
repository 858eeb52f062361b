import type { Notifier } from '../notifier.ts';
import { createDbusNotifier, type DbusNotifierOptions } from './dbus.ts';
import { noNotifier } from './none.ts';

/**
 * The notifier of a shell without Electron. On macOS and Windows only Electron can draw buttons, so there is none here.
 *
 * @param platform As `process.platform` spells it.
 */
export function chooseNotifier(platform: string, options: DbusNotifierOptions): Notifier {
  return platform === 'linux' ? createDbusNotifier(options) : noNotifier;
}
