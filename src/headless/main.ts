#!/usr/bin/env node
/**
 * The shell without Electron: a Node process that serves the UI to a browser window. Started by `npm start`, and by
 * whoever runs Counterfoil on a server, in a container, in WSL or over SSH.
 */
import { join } from 'node:path';
import { parseShellArguments, usage } from '../shell/shell-options.ts';
import { version } from '../shell/version.ts';
import { runHeadless } from './run-headless.ts';

const out = (line: string): void => void process.stdout.write(`${line}\n`);
const err = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const parsed = parseShellArguments(process.argv.slice(2));
  switch (parsed.kind) {
    case 'help':
      out(usage);
      return 0;
    case 'version':
      out(version);
      return 0;
    case 'usage-error':
      err(`${parsed.message}\n\n${usage}`);
      return 2;
    case 'run':
      return runHeadless({
        options: parsed.options,
        environment: process.env,
        // Beside this file once it is built: dist/headless/main.js and dist/renderer.
        uiFolder: join(import.meta.dirname, '../renderer'),
        out,
        err,
      });
  }
}

process.exit(await main());
