import type { Clock } from '../base/clock.ts';
import { type LimitName, limitReached, limits, type QuotaState } from '../base/limits.ts';

/** Other quotas than the table's, for tests. */
export type Quotas = Partial<Readonly<Record<LimitName, number>>>;

interface Window {
  readonly endsAt: number;
  used: number;
}

const mostPartitions = 4_096;
/** Whoever comes while all partitions are in use shares this one, so that nobody gets a fresh quota by making others go. */
const shared = 'overflow';

/**
 * Counts one limit, for each partition in windows that begin with its first request. Bounded: only windows that are over are
 * forgotten, which changes nothing for their partition.
 */
export class QuotaWindows {
  readonly #clock: Clock;
  readonly #limit: LimitName;
  readonly #quota: number;
  readonly #windowMs: number;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock, limit: WindowedLimit, quotas: Quotas = {}) {
    this.#clock = clock;
    this.#limit = limit;
    this.#quota = quotas[limit] ?? limits[limit].quota;
    this.#windowMs = limits[limit].windowSeconds * 1000;
  }

  /** Takes `amount` and tells what is left. Refuses `rate_limited` when that is more than there is; then nothing is taken. */
  take(partition: string, amount = 1): QuotaState {
    const window = this.#windowOf(partition);
    if (window.used + amount > this.#quota) throw limitReached(this.#limit, this.#secondsUntil(window.endsAt));
    window.used += amount;
    return this.#stateOf(window);
  }

  /** Refuses `rate_limited` when nothing is left. Takes nothing. */
  assertRoom(partition: string): void {
    const window = this.#windowOf(partition);
    if (window.used >= this.#quota) throw limitReached(this.#limit, this.#secondsUntil(window.endsAt));
  }

  /** Takes, whatever is left: for what has happened already. */
  charge(partition: string): void {
    const window = this.#windowOf(partition);
    window.used = Math.min(window.used + 1, this.#quota);
  }

  /** What share of the quota is used, 0 to 1. */
  share(partition: string): number {
    return this.#windowOf(partition).used / this.#quota;
  }

  #windowOf(partition: string): Window {
    const now = this.#clock.elapsed();
    const known = this.#windows.get(partition);
    if (known !== undefined && now < known.endsAt) return known;
    this.#windows.delete(partition);
    this.#forgetEnded(now);
    if (this.#windows.size >= mostPartitions && partition !== shared) return this.#windowOf(shared);
    const window = { endsAt: now + this.#windowMs, used: 0 };
    this.#windows.set(partition, window);
    return window;
  }

  /** Windows are in the order of their ends: each lasts as long as the others. */
  #forgetEnded(now: number): void {
    for (const [partition, { endsAt }] of this.#windows) {
      if (now < endsAt) return;
      this.#windows.delete(partition);
    }
  }

  #stateOf({ endsAt, used }: Window): QuotaState {
    return {
      limit: this.#limit,
      quota: this.#quota,
      remaining: this.#quota - used,
      resetSeconds: this.#secondsUntil(endsAt),
    };
  }

  #secondsUntil(endsAt: number): number {
    return Math.max(1, Math.ceil((endsAt - this.#clock.elapsed()) / 1000));
  }
}

type WindowedLimit = {
  [Name in LimitName]: (typeof limits)[Name] extends { readonly windowSeconds: number } ? Name : never;
}[LimitName];
