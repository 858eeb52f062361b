/** The desktop app. Refuses what would let another program in, then runs. */
import { join } from 'node:path';
import { app } from 'electron';
import { isRefusal } from '../src/base/errors.ts';
import { refuseDebuggers } from '../src/shell/begin.ts';
import { parseShellArguments, usage } from '../src/shell/shell-options.ts';
import { version } from '../src/shell/version.ts';
import { findForbiddenSwitch } from './find-switch.ts';
import { realElectron } from './real-electron.ts';
import { runApp } from './run-app.ts';

const err = (line: string): void => void process.stderr.write(`${line}\n`);
/** `electron .` has the folder of the app in front of what the person wrote; the packed app has not. */
const args = process.argv.slice(app.isPackaged ? 1 : 2);

/** The exit code when the app may not run, or need not. */
function checkStart(): number | undefined {
  const forbidden = findForbiddenSwitch(process.argv.slice(1), (name) => app.commandLine.hasSwitch(name));
  if (forbidden !== undefined) {
    err(`Counterfoil does not run: it was started with ${forbidden}, which lets another program into it.`);
    return 1;
  }
  try {
    refuseDebuggers(process.env, false);
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    err(error.message);
    return 1;
  }
}

async function main(): Promise<number> {
  const refused = checkStart();
  if (refused !== undefined) return refused;
  const parsed = parseShellArguments(args);
  switch (parsed.kind) {
    case 'help':
    case 'version':
      process.stdout.write(`${parsed.kind === 'help' ? usage : version}\n`);
      return 0;
    case 'usage-error':
      err(parsed.message);
      return 2;
    case 'run':
      return runApp({
        electron: realElectron({
          preload: join(import.meta.dirname, 'preload.cjs'),
          icons: join(app.getAppPath(), 'resources/icons'),
        }),
        options: parsed.options,
        environment: process.env,
        uiFolder: join(import.meta.dirname, '../renderer'),
        err,
      });
  }
}

// Not awaited here: Electron becomes ready only after this file has been read to its end.
main().then(
  (code) => app.exit(code),
  (error: unknown) => {
    err(`Counterfoil ended by a bug: ${String(error)}`);
    app.exit(1);
  },
);
