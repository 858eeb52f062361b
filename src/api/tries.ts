import type { Clock } from '../base/clock.ts';
import { isRefusal, Refusal } from '../base/errors.ts';

/** What is refused as wrong; one count for both. */
export type WrongCode = 'passphrase_wrong' | 'recovery_code_wrong';

const longestWaitMs = 60_000;

/**
 * Slows guessing down in one session: no wait after one or two failures, then 1 s, 2 s, 4 s … 60 s.
 *
 * Per session, because a wait that all share would let whoever got hold of one link keep the person out. What a program can try in all is
 * bounded by the pages that it can open (a few in ten seconds, `src/headless`) and by scrypt, which the vault runs one after the other;
 * against both stand the 60 bits of every passphrase (security rule 21). A program that reads the data guesses on its own anyway.
 */
export class Tries {
  readonly #clock: Pick<Clock, 'elapsed'>;
  #failures = 0;
  #lastAt = 0;

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /**
   * Runs what tries a passphrase or a code. Refuses `wrong` with `retryAfterSeconds` while the wait lasts: nothing is tried then. A try
   * counts as failed from its beginning, so that many at once are not free; one that was not judged is taken back.
   */
  async run<Result>(wrong: WrongCode, attempt: () => Promise<Result>): Promise<Result> {
    const waitMs = this.#waitMs();
    // security: whoever holds one page guesses slowly
    if (waitMs > 0) throw new Refusal(wrong, 'Wait a moment before the next try.', inSeconds(waitMs));
    this.#failures += 1;
    this.#lastAt = this.#clock.elapsed();
    try {
      const result = await attempt();
      this.#failures = 0;
      return result;
    } catch (error) {
      if (isRefusal(error, 'passphrase_wrong', 'recovery_code_wrong')) {
        throw new Refusal(error.code, error.message, { cause: error, ...inSeconds(this.#waitMs()) });
      }
      this.#failures = Math.max(0, this.#failures - 1);
      throw error;
    }
  }

  #waitMs(): number {
    if (this.#failures < 3) return 0;
    const wait = Math.min(longestWaitMs, 1000 * 2 ** Math.min(this.#failures - 3, 10));
    return Math.max(0, this.#lastAt + wait - this.#clock.elapsed());
  }
}

function inSeconds(milliseconds: number): { readonly retryAfterSeconds?: number } {
  return milliseconds === 0 ? {} : { retryAfterSeconds: Math.ceil(milliseconds / 1000) };
}
