/**
 * The app as Playwright drives it: everything of `electron/main.ts` but the refusal to run under a debugger, because the
 * driver is one. That is why it is a file of the tests and no switch of the product.
 */
import { join } from 'node:path';
import { app } from 'electron';
import { realElectron } from '../../electron/real-electron.ts';
import { runApp } from '../../electron/run-app.ts';

const root = process.env['DRIVEN_ROOT'] ?? '';

runApp({
  electron: realElectron({ preload: join(root, 'dist/electron/preload.cjs'), icons: join(root, 'resources/icons') }),
  options: { opensUi: true, port: 0 },
  environment: process.env,
  uiFolder: join(root, 'dist/renderer'),
  err: (line) => void process.stderr.write(`${line}\n`),
}).then(
  (code) => app.exit(code),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    app.exit(1);
  },
);
