import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import type { Clock } from '../../base/clock.ts';
import type { Environment } from './find-browser.ts';

export interface Program {
  readonly file: string;
  /** Handed over one by one, without a shell. */
  readonly argumentList: readonly string[];
}

/** A program that was started and did not fail at once. */
export interface Started {
  readonly isRunning: () => boolean;
  /** Ends it and what it started; waits at most `graceful` milliseconds before it insists. */
  stop(graceful: number): Promise<void>;
}

/** Milliseconds in which a program that cannot do it says so. */
const settles = 700;

/** Starts a program apart from ours. `undefined` when it cannot be started or fails at once. */
export function startProgram(
  { file, argumentList }: Program,
  { env, clock }: { env: Environment; clock: Clock },
): Promise<Started | undefined> {
  return new Promise((resolve) => {
    const child = spawn(file, argumentList, { detached: true, stdio: 'ignore', env: { ...env }, windowsHide: true });
    child.unref();
    const decide = (good: boolean): void => {
      cancel();
      resolve(good ? started(child, clock) : undefined);
    };
    const cancel = clock.after(settles, () => decide(true));
    child.once('error', () => decide(false));
    child.once('exit', (code) => decide(code === 0));
  });
}

function started(child: ChildProcess, clock: Clock): Started {
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    isRunning,
    async stop(graceful) {
      if (!isRunning()) return;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      signalGroup(child, 'SIGTERM');
      const cancel = clock.after(graceful, () => signalGroup(child, 'SIGKILL'));
      await gone;
      cancel();
    },
  };
}

/** `detached` made the child the head of a group of its own, and a browser is many processes. */
function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Windows has no groups; elsewhere the group is gone already.
    child.kill(signal);
  }
}
