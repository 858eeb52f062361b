import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import type { Store } from '../store/store.ts';

interface Failures {
  readonly count: number;
  readonly lastAt: number;
}

/** What is being tried. One count for both. */
type Tried = 'passphrase' | 'code';

const failuresKey = 'vault.failures';
const longestDelayMs = 60_000;

/**
 * Slows guessing down: no wait after one or two failures, then 1 s, 2 s, 4 s … 60 s.
 *
 * The count is on disk, so a restart gives no tries back. It slows a program that asks through our doors; a
 * program that reads the file guesses on its own and meets only scrypt.
 */
export class FailureDelay {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(deps: { readonly store: Store; readonly clock: Clock }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
  }

  /** Refuses as {@link FailureDelay.failed}, with `retryAfterSeconds`, while the wait lasts; nothing is tried then. */
  assertMayTry(what: Tried): void {
    const remaining = this.#remainingMs();
    if (remaining > 0) throw refusal(what, 'Wait a moment before the next try.', remaining);
  }

  /** Counts a try as failed before it is made: ending the process in the middle gives nothing back. */
  begin(): void {
    this.#write({ count: this.#read().count + 1, lastAt: this.#clock.now() });
  }

  /** Forgets the failures: it was right. */
  succeeded(): void {
    this.#store.commit([{ sql: 'DELETE FROM meta WHERE key = ?', values: [failuresKey] }]);
  }

  /** Takes back a try that could not be made. */
  takeBack(): void {
    const { count, lastAt } = this.#read();
    this.#write({ count: Math.max(0, count - 1), lastAt });
  }

  /** The refusal for a try that failed just now: `passphrase_wrong` or `recovery_code_wrong`. */
  failed(what: Tried): Refusal {
    return refusal(what, `That is not the ${what === 'code' ? 'recovery code' : 'passphrase'}.`, this.#remainingMs());
  }

  #remainingMs(): number {
    const { count, lastAt } = this.#read();
    if (count < 3) return 0;
    const delay = Math.min(longestDelayMs, 1000 * 2 ** Math.min(count - 3, 10));
    const now = this.#clock.now();
    if (lastAt > now) {
      // The clock was set back: without this the wait would last until it catches up.
      this.#write({ count, lastAt: now });
      return delay;
    }
    return Math.max(0, lastAt + delay - now);
  }

  #read(): Failures {
    const row = this.#store.first<{ value: Uint8Array }>('SELECT value FROM meta WHERE key = ?', failuresKey);
    if (row === undefined) return { count: 0, lastAt: 0 };
    const [count = Number.NaN, lastAt = Number.NaN] = Buffer.from(row.value).toString('utf8').split(' ').map(Number);
    // What cannot be read counts as many failures just now, never as none.
    return Number.isSafeInteger(count) && Number.isSafeInteger(lastAt)
      ? { count, lastAt }
      : { count: 16, lastAt: this.#clock.now() };
  }

  #write({ count, lastAt }: Failures): void {
    const sql = 'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value';
    this.#store.commit([{ sql, values: [failuresKey, Buffer.from(`${count} ${lastAt}`)], mustChangeOne: true }]);
  }
}

function refusal(what: Tried, message: string, remainingMs: number): Refusal {
  const code = what === 'code' ? 'recovery_code_wrong' : 'passphrase_wrong';
  if (remainingMs === 0) return new Refusal(code, message);
  return new Refusal(code, message, { retryAfterSeconds: Math.ceil(remainingMs / 1000) });
}
