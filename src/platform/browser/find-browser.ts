import { accessSync, constants, realpathSync } from 'node:fs';
import { isAbsolute, join, posix, win32 } from 'node:path';

/** The variables of the shell that started us; handed in, never read here. */
export type Environment = Readonly<Record<string, string | undefined>>;

const linuxNames = [
  ...['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
  ...['brave-browser', 'microsoft-edge-stable', 'microsoft-edge', 'vivaldi-stable', 'vivaldi'],
];
const macPrograms = [
  ...['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'],
  ...[
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    '/Applications/Brave Browser.app/Contents/MacOS/Brave Browser',
  ],
];
const windowsPrograms = [
  ...['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'],
  ...['BraveSoftware\\Brave-Browser\\Application\\brave.exe', 'Chromium\\Application\\chrome.exe'],
];

/**
 * The first browser of the Chromium family that can take a profile folder of ours; `undefined` without one.
 *
 * A Snap cannot read our data folder, so it does not count.
 */
export function findBrowser(platform: string, environment: Environment): string | undefined {
  return candidates(platform, environment).find((path) => isProgram(path) && !isSnap(path));
}

/** Where a browser may be, best first. */
export function candidates(platform: string, environment: Environment): readonly string[] {
  switch (platform) {
    case 'linux': {
      // An empty or relative entry of PATH means the current folder, where anybody's program may lie.
      const folders = (environment['PATH'] ?? '').split(posix.delimiter).filter((folder) => isAbsolute(folder));
      return linuxNames.flatMap((name) => folders.map((folder) => posix.join(folder, name)));
    }
    case 'darwin':
      return macPrograms;
    case 'win32': {
      const folders = ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA']
        .map((name) => environment[name])
        .filter((folder) => folder !== undefined);
      return windowsPrograms.flatMap((program) => folders.map((folder) => win32.join(folder, program)));
    }
    default:
      return [];
  }
}

/** True where a window can be shown at all. */
export function hasDesktop(platform: string, environment: Environment): boolean {
  if (platform !== 'linux') return platform === 'darwin' || platform === 'win32';
  return Boolean(environment['DISPLAY']) || Boolean(environment['WAYLAND_DISPLAY']);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isSnap(path: string): boolean {
  const real = realpathSync(path);
  return real.startsWith(join('/snap', '/')) || real.endsWith('/snap') || real.startsWith('/var/lib/snapd/');
}
