import type { Clock } from '../base/clock.ts';
import type { ApprovalId } from '../base/ids.ts';

/** Those who wait for one answer each, for example a poll that is held. */
export class Waiters {
  readonly #clock: Clock;
  readonly #waiting = new Map<ApprovalId, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when {@link Waiters.wake} is called for the approval, or after `milliseconds`. */
  wait(id: ApprovalId, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const set = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, set);
      const done = (): void => {
        cancel();
        set.delete(done);
        if (set.size === 0 && this.#waiting.get(id) === set) this.#waiting.delete(id);
        resolve();
      };
      const cancel = this.#clock.after(milliseconds, done);
      set.add(done);
    });
  }

  wake(id: ApprovalId): void {
    for (const done of [...(this.#waiting.get(id) ?? [])]) done();
  }

  wakeAll(): void {
    for (const id of [...this.#waiting.keys()]) this.wake(id);
  }
}
