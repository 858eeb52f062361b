import type { ApprovalsDeps } from './approvals.ts';

const retryMs = 5_000;
const longestTimerMs = 2 ** 31 - 1;

interface Expiring {
  /** The end of the request that ends first, if one waits. */
  readonly nextEnd: () => number | undefined;
  readonly expireDue: () => void;
}

/** Ends requests when their time is over, also while nobody asks for them. */
export class ExpiryTimer {
  readonly #deps: Pick<ApprovalsDeps, 'clock' | 'log'>;
  readonly #expiring: Expiring;
  #cancel: () => void = () => {};

  constructor(deps: Pick<ApprovalsDeps, 'clock' | 'log'>, expiring: Expiring) {
    this.#deps = deps;
    this.#expiring = expiring;
  }

  /** After each change of what waits. */
  set(): void {
    this.#cancel();
    const end = this.#expiring.nextEnd();
    if (end === undefined) return;
    const wait = Math.max(0, end - this.#deps.clock.now());
    this.#cancel = this.#deps.clock.after(Math.min(wait, longestTimerMs), () => this.#expire());
  }

  stop(): void {
    this.#cancel();
  }

  /** A store that fails now is asked again: a request that is over stays undecidable meanwhile. */
  #expire(): void {
    try {
      this.#expiring.expireDue();
      this.set();
    } catch (error) {
      this.#deps.log.error({ error: String(error) }, 'requests could not be expired');
      this.#cancel = this.#deps.clock.after(retryMs, () => this.#expire());
    }
  }
}
