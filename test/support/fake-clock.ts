/**
 * A clock that stands still until a test moves it.
 *
 *     const clock = createFakeClock();
 *     clock.after(5_000, () => …);
 *     await clock.advance(5_000);   // runs what is due, in order, and what that made due
 *
 * Timers count what `advance` moves, as the system's do: a clock that is set makes none of them due, or late.
 *
 * Between two timers pending promises get a turn, so a task may await.
 */
import type { Clock } from '../../src/base/clock.ts';

export interface FakeClock extends Clock {
  /** Moves the time forward and runs due tasks in the order of their instants. Milliseconds. */
  advance(milliseconds: number): Promise<void>;
  /** Moves the time without running anything, as a clock that is set does. Ahead, it is also what a sleep does. */
  set(now: number): void;
  /** How many timers wait. */
  readonly waiting: number;
}

interface Timer {
  readonly dueAt: number;
  readonly order: number;
  readonly task: () => void;
}

/** 2026-03-01T09:30:00.000Z */
const testStart = Date.UTC(2026, 2, 1, 9, 30);

/** More timers in one step than any test means: a task that always starts the next one. */
const stepsAtMost = 10_000;

export function createFakeClock(start: number = testStart): FakeClock {
  let now = start;
  /** What the timers go by: stands still when the clock is set. */
  let running = 0;
  let leapt = 0;
  let order = 0;
  const timers = new Set<Timer>();

  const nextDue = (until: number): Timer | undefined =>
    [...timers].filter(({ dueAt }) => dueAt <= until).sort((a, b) => a.dueAt - b.dueAt || a.order - b.order)[0];

  return {
    now: () => now,
    elapsed: () => running + leapt,
    after(milliseconds, task) {
      order += 1;
      const timer = { dueAt: running + milliseconds, order, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(milliseconds) {
      const until = running + milliseconds;
      const runTo = (next: number): void => {
        now += next - running;
        running = next;
      };
      await settle();
      for (let step = 0; ; step += 1) {
        const timer = nextDue(until);
        if (timer === undefined) break;
        if (step === stepsAtMost) throw new Error(`more than ${stepsAtMost} timers in one step of the clock`);
        timers.delete(timer);
        runTo(Math.max(running, timer.dueAt));
        timer.task();
        await settle();
      }
      runTo(Math.max(running, until));
    },
    set(next) {
      leapt += Math.max(0, next - now);
      now = next;
    },
    get waiting() {
      return timers.size;
    },
  };
}

/** Lets promises that are ready run, without waiting for any real time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
