import type { Socket } from 'node:net';
import { errors } from 'oidc-provider';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import type { ApprovalId } from '../base/ids.ts';

interface Held {
  readonly socket: Socket;
  release(): void;
}

interface Pace {
  /** When the last poll came, or was answered before its time; by `clock.elapsed()`. */
  readonly last: number;
  /** Grows with each poll that came too early, and stays. */
  readonly intervalMs: number;
  readonly early: number;
}

/** Seconds that an agent waits between polls. One that was held for its whole time may be followed at once. */
export const pollIntervalSeconds = 1;

/** CIBA Core 1.0, section 11: "increased by at least 5 seconds for this and all subsequent requests". */
const growthMs = 5_000;
/** After this many polls that came too early the id is dead: openid-client obeys the first `slow_down`. */
const forgivenAtMost = 5;
const mostRemembered = 1_000;

/**
 * Polls that wait for an answer, one per request: a second one takes the place of the first, which is answered. Paces all of them, per
 * request and by our clock (CIBA Core 1.0, sections 10.1 and 11).
 */
export class HeldPolls {
  readonly #clock: Clock;
  readonly #held = new Map<ApprovalId, Held>();
  readonly #paces = new Map<ApprovalId, Pace>();
  #stopping = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Notes a poll that has come. Throws `slow_down` when it came before its time, also when another is waiting, and
   * `invalid_request` when the agent does not stop: then the caller withdraws the request.
   */
  assertPace(id: ApprovalId): void {
    const now = this.#clock.elapsed();
    const pace = this.#paces.get(id);
    const intervalMs = pace?.intervalMs ?? pollIntervalSeconds * 1000;
    if (pace === undefined || now - pace.last >= intervalMs) {
      this.#remember(id, { last: now, intervalMs, early: pace?.early ?? 0 });
      return;
    }
    const early = pace.early + 1;
    this.#remember(id, { last: now, intervalMs: intervalMs + growthMs, early });
    if (early > forgivenAtMost) throw new errors.InvalidRequest('polled too fast too often');
    throw new errors.SlowDown();
  }

  /** Waits for `decided`, for a younger poll, or for the agent to go away, whichever comes first. */
  async hold(id: ApprovalId, decided: Promise<unknown>, socket: Socket): Promise<void> {
    this.#held.get(id)?.release();
    let release: () => void = () => {};
    const released = new Promise<'released'>((resolve) => {
      release = () => resolve('released');
    });
    const mine: Held = { socket, release };
    this.#held.set(id, mine);
    socket.once('close', release);
    try {
      await Promise.race([decided, released]);
    } finally {
      socket.off('close', release);
      if (this.#held.get(id) === mine) this.#held.delete(id);
    }
  }

  /** Refuses `stopping` once the program ends: a poll that waits is told so, and its request is kept. */
  assertGoesOn(): void {
    if (this.#stopping) throw new Refusal('stopping', 'This program is shutting down.');
  }

  /** Answers every waiting poll with `stopping`. Returns the sockets on which those answers leave. */
  stop(): ReadonlySet<Socket> {
    this.#stopping = true;
    const sockets = new Set([...this.#held.values()].map((held) => held.socket));
    this.releaseAll();
    return sockets;
  }

  /** Answers every waiting poll now; each looks again at what it waits for. */
  releaseAll(): void {
    for (const held of this.#held.values()) held.release();
  }

  #remember(id: ApprovalId, pace: Pace): void {
    this.#paces.delete(id);
    this.#paces.set(id, pace);
    const oldest = this.#paces.keys().next();
    if (this.#paces.size > mostRemembered && oldest.done === false) this.#paces.delete(oldest.value);
  }
}
