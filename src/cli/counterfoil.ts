#!/usr/bin/env node
/** The `counterfoil` command. It reads and lowers; what raises authority needs the person in the window. */
import { chooseFolders } from '../shell/folders.ts';
import { thisMachine } from '../shell/this-machine.ts';
import { version } from '../shell/version.ts';
import { machineLink } from './machine-link.ts';
import { runCommandLine } from './program.ts';

// A reader such as `head` may leave early; that is no error of ours.
process.stdout.on('error', () => process.exit(0));

const machine = thisMachine();
const exitCode = await runCommandLine(process.argv.slice(2), {
  link: machineLink(chooseFolders(process.env, machine), machine, (line) => void process.stderr.write(`${line}\n`)),
  terminal: {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    isStyled: process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
  },
  version,
  now: () => Date.now(),
});
process.exitCode = exitCode;
