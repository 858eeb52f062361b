import { elapsedBy } from './elapsed.ts';

/** Where time comes from. Instants are milliseconds since the epoch; tests bring a clock they move by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Milliseconds since some instant of this run, at least as many as have passed: counts sleep, and goes on when the clock is set
   * back. For what lives in memory and must end in time: nonces, replays, links.
   */
  elapsed(): number;
  /**
   * Runs `task` once after `milliseconds`, unless the returned function is called first.
   * Never keeps the process alive.
   */
  after(milliseconds: number, task: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: elapsedBy(
    () => Date.now(),
    () => performance.now(),
  ),
  after(milliseconds, task) {
    const timer = setTimeout(task, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Seconds since the epoch, rounded down, as OAuth and JOSE spell instants. */
export function epochSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}

/** An instant as RFC 3339 in UTC with milliseconds, such as `2026-03-01T09:30:00.000Z`. */
export function isoInstant(at: number): string {
  return new Date(at).toISOString();
}

/** What {@link isoInstant} wrote, read back; 0 for anything else, so that nothing is thought to be later than it was. */
export function instantOf(text: string): number {
  const at = Date.parse(text);
  return Number.isFinite(at) ? at : 0;
}
