import type { Log } from '../base/log.ts';

/** Milliseconds that an orderly end may take. */
const patience = 8000;

/** A program that runs until it is told to stop. */
export interface Life {
  /** Resolves with the exit code when it is time to end. */
  readonly over: Promise<number>;
  /** Ends it in order. */
  readonly quit: () => void;
}

/** Listens for the signals that mean "stop", and for bugs that nobody caught. A second signal does not wait. */
export function beginLife(log: Log): Life {
  const { promise, resolve } = Promise.withResolvers<number>();
  let asked = false;
  const end = (code: number): void => {
    if (asked) process.exit(code === 0 ? 1 : code);
    asked = true;
    // Also keeps the process alive while what it started is being ended.
    setTimeout(() => process.exit(1), patience);
    resolve(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(0));
  process.on('uncaughtException', (error) => {
    log.error({ error: String(error), stack: error.stack }, 'a bug ended the program; the log has the details');
    end(1);
  });
  return { over: promise, quit: () => end(0) };
}
