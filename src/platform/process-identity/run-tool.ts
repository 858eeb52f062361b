import { execFile } from 'node:child_process';

/** Runs a program of the system and returns its output. */
export type RunTool = (file: string, argumentList: readonly string[]) => Promise<string>;

const timeout = 5_000;
const mostOutput = 8 * 1024 * 1024;

/**
 * The output of a program of the system, run without a shell; empty when it failed, was not there or took longer than 5 s.
 *
 * `lsof` and `ps` answer with a failure when one of several things was not found, so their output counts all the same.
 */
export function runTool(file: string, argumentList: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(file, argumentList, { timeout, maxBuffer: mostOutput, windowsHide: true }, (_error, output) => resolve(output));
  });
}
