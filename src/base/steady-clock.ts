import type { Clock } from './clock.ts';

/** A clock by which nothing outlives its end when the machine's clock is set back. */
export interface SteadyClock extends Clock {
  /** How far the machine's clock is behind this one. Milliseconds; 0 for what a time server corrects every day. */
  setBackBy(): number;
  /** This clock goes on from `at`, the latest instant that is known, unless it is past that. */
  notBefore(at: number): void;
  /** Follows the machine's clock again. Only once whatever counts on the time before has ended. */
  follow(): void;
}

/** Milliseconds. A correction up to this is made up for by running ahead for good. */
const slackMs = 2_000;

/**
 * `clock`, but when it is set back this one goes on as if it had not been, until {@link SteadyClock.follow} is called. A leap
 * ahead is taken over at once: a machine that slept must find what is over, over.
 */
export function createSteadyClock(clock: Clock): SteadyClock {
  let anchor = { now: clock.now(), elapsed: clock.elapsed() };
  const now = (): number => {
    const wall = clock.now();
    const elapsed = clock.elapsed();
    const expected = anchor.now + elapsed - anchor.elapsed;
    if (wall < expected) return Math.floor(expected);
    anchor = { now: wall, elapsed };
    return wall;
  };
  return {
    now,
    elapsed: () => clock.elapsed(),
    after: (milliseconds, task) => clock.after(milliseconds, task),
    setBackBy() {
      const behind = now() - clock.now();
      return behind > slackMs ? behind : 0;
    },
    notBefore(at) {
      if (at > now()) anchor = { now: at, elapsed: clock.elapsed() };
    },
    follow() {
      anchor = { now: clock.now(), elapsed: clock.elapsed() };
    },
  };
}
