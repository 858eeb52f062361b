/** Where time comes from. Instants are milliseconds since the epoch; tests bring a clock they move by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Runs `task` once after `milliseconds`, unless the returned function is called first.
   * Never keeps the process alive.
   */
  after(milliseconds: number, task: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
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
