#!/usr/bin/env node
/** The `counterfoil` command. It reads and lowers; what raises authority needs the person in the window. */
import { backUpData } from '../shell/back-up-data.ts';
import { chooseFolders } from '../shell/folders.ts';
import { restoreData } from '../shell/restore-data.ts';
import { thisMachine } from '../shell/this-machine.ts';
import { version } from '../shell/version.ts';
import { machineLink } from './machine-link.ts';
import { runCommandLine } from './program.ts';

// A reader such as `head` may leave early; that is no error of ours.
process.stdout.on('error', () => process.exit(0));

const machine = thisMachine();
const folders = chooseFolders(process.env, machine);
const exitCode = await runCommandLine(process.argv.slice(2), {
  link: machineLink(folders, machine, (line) => void process.stderr.write(`${line}\n`)),
  copies: {
    backUp: (to) => backUpData(folders.data, to),
    restore: (from) => restoreData(folders, machine, { from, now: Date.now() }),
  },
  terminal: {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    isStyled: process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
  },
  version,
  now: () => Date.now(),
});
process.exitCode = exitCode;
