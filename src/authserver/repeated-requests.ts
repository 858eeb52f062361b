import { errors } from 'oidc-provider';
import type { Repeat } from '../approvals/approvals.ts';
import type { Clock } from '../base/clock.ts';
import { Secret } from '../base/secret.ts';

interface Given {
  readonly content: string;
  readonly authReqId: Secret;
  /** Absolute. */
  readonly expiresAt: number;
}

/** About two megabytes. An agent whose answer is forgotten here is found by its approval, as after a restart. */
const rememberedAtMost = 5_000;

/**
 * The answers to requests that may come a second time because the first answer was lost: the repetition gets the same one. In memory
 * only, because `auth_req_id` is kept nowhere.
 */
export class RepeatedRequests {
  readonly #clock: Clock;
  readonly #given = new Map<string, Given>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  remember({ key, content }: Repeat, answer: { readonly authReqId: string; readonly expiresAt: number }): void {
    this.#given.set(key, { content, authReqId: Secret.fromText(answer.authReqId), expiresAt: answer.expiresAt });
    const oldest = this.#given.keys().next();
    if (this.#given.size > rememberedAtMost && oldest.done === false) this.#forget(oldest.value);
  }

  /** The answer that was given, while its request lives. Refuses `invalid_request` when the repetition differs. */
  find(repeat: Repeat): { readonly authReqId: string; readonly expiresAt: number } | undefined {
    const given = this.#given.get(repeat.key);
    if (given === undefined || given.expiresAt <= this.#clock.now()) return undefined;
    assertSameContent(repeat, given.content);
    return given.authReqId.openText((authReqId) => ({ authReqId, expiresAt: given.expiresAt }));
  }

  sweep(): void {
    for (const [key, { expiresAt }] of this.#given) if (expiresAt <= this.#clock.now()) this.#forget(key);
  }

  #forget(key: string): void {
    this.#given.get(key)?.authReqId.destroy();
    this.#given.delete(key);
  }
}

/** Refuses `invalid_request`: what differs is another request and needs a key of its own. */
export function assertSameContent(repeat: Repeat, first: string): void {
  if (repeat.content !== first) throw new errors.InvalidRequest('another request was sent under this key');
}
