import type { Socket } from 'node:net';
import { errors } from 'oidc-provider';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import type { ApprovalId } from '../base/ids.ts';
import { pollIntervalSeconds } from './backchannel-request.ts';

interface Held {
  readonly socket: Socket;
  release(): void;
}

interface Answered {
  readonly at: number;
  /** The agent waited its time with us: its next poll may come at once. */
  readonly afterFullHold: boolean;
}

const mostRemembered = 1_000;

/**
 * Polls that wait for an answer, one per request: a second one takes the place of the first, which is answered. Paces the
 * others (CIBA Core 1.0, section 11: `slow_down`).
 */
export class HeldPolls {
  readonly #clock: Clock;
  readonly #held = new Map<ApprovalId, Held>();
  readonly #answered = new Map<ApprovalId, Answered>();
  #stopping = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws `slow_down` when the last answer is younger than the interval and no poll is waiting. */
  assertPace(id: ApprovalId): void {
    const last = this.#answered.get(id);
    if (last === undefined || last.afterFullHold || this.#held.has(id)) return;
    if (this.#clock.now() - last.at < pollIntervalSeconds * 1000) {
      this.#remember(id, false);
      throw new errors.SlowDown();
    }
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
      const ended = await Promise.race([decided, released]);
      this.#remember(id, ended !== 'released');
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

  #remember(id: ApprovalId, afterFullHold: boolean): void {
    this.#answered.delete(id);
    this.#answered.set(id, { at: this.#clock.now(), afterFullHold });
    const oldest = this.#answered.keys().next();
    if (this.#answered.size > mostRemembered && oldest.done === false) this.#answered.delete(oldest.value);
  }
}
