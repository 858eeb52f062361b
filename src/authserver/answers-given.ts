import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';

interface Given {
  /** Answers with tokens that are on their way or have arrived. */
  readonly count: number;
  /** After this nobody can ask for it any more. */
  readonly until: number;
}

/**
 * Which requests this run of the program has answered with tokens. An answer that did not leave the machine whole is none, so an
 * agent that lost it on the way may ask once more; of racing polls only the first is answered.
 */
export class AnswersGiven {
  readonly #clock: Clock;
  readonly #given = new Map<string, Given>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(requestHash: string): boolean {
    return this.#given.has(requestHash);
  }

  /** Notes an answer that is about to be given; the function returned takes it back. */
  begin(requestHash: string, until: number): () => void {
    const count = this.#given.get(requestHash)?.count ?? 0;
    this.#given.set(requestHash, { count: count + 1, until });
    return () => this.#takeBack(requestHash);
  }

  sweep(): void {
    for (const [requestHash, { until }] of this.#given) if (this.#clock.now() >= until) this.#given.delete(requestHash);
  }

  #takeBack(requestHash: string): void {
    const given = this.#given.get(requestHash);
    if (given === undefined) return;
    if (given.count > 1) this.#given.set(requestHash, { ...given, count: given.count - 1 });
    else this.#given.delete(requestHash);
  }
}

/** Calls `lost` when the response ends before all of it was handed to the system. */
export function whenLost(response: ServerResponse, lost: () => void): void {
  if (response.closed || response.destroyed) {
    lost();
    return;
  }
  response.once('close', () => {
    if (!response.writableFinished) lost();
  });
}
