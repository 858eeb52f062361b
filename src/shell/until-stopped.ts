import type { Log } from '../base/log.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Milliseconds that an orderly end may take. */
const patience = 8000;

/** A program that runs until it is told to stop. */
export interface Life {
  /** Resolves with the exit code when it is time to end. */
  readonly over: Promise<number>;
  /** Ends it in order. */
  readonly quit: () => void;
  /** Listens no longer. For when everything has ended. */
  readonly stop: () => void;
}

/** Listens for the signals that mean "stop", and for bugs that nobody caught. A second signal does not wait. */
export function beginLife(log: Log): Life {
  const { promise, resolve } = Promise.withResolvers<number>();
  let deadline: NodeJS.Timeout | undefined;
  const end = (code: number): void => {
    if (deadline !== undefined) process.exit(1);
    // Also keeps the process alive while what it started is being ended.
    deadline = setTimeout(() => process.exit(1), patience);
    resolve(code);
  };
  const onSignal = (): void => end(0);
  const onBug = (error: Error): void => {
    log.error({ error: String(error), stack: error.stack }, 'a bug ended the program; the log has the details');
    end(1);
  };
  for (const signal of signals) process.on(signal, onSignal);
  process.on('uncaughtException', onBug);
  return {
    over: promise,
    quit: onSignal,
    stop() {
      clearTimeout(deadline);
      for (const signal of signals) process.off(signal, onSignal);
      process.off('uncaughtException', onBug);
    },
  };
}
