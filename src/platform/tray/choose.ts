import type { Tray } from '../tray.ts';
import { noTray } from './none.ts';
import { createStatusNotifierTray, type StatusNotifierOptions } from './status-notifier.ts';

/**
 * The tray of a shell without Electron, which brings its own on macOS and Windows.
 *
 * @param platform As `process.platform` spells it.
 */
export function chooseTray(platform: string, options: StatusNotifierOptions): Tray {
  return platform === 'linux' ? createStatusNotifierTray(options) : noTray;
}
