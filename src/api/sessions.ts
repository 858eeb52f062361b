import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import { newId, type SessionId } from '../base/ids.ts';
import type { SessionKind } from './api.ts';
import { Tries } from './tries.ts';

/** One page load or one channel of the person's own programs. */
export interface Session {
  readonly id: SessionId;
  readonly kind: SessionKind;
  /** When the passphrase was given here; `undefined` when it was not, or the vault was locked since. */
  unlockedAt: number | undefined;
  /** Nonces that wait for their one use, with their end by {@link Clock.elapsed}. */
  readonly nonces: Map<string, number>;
  /** Passphrases and codes that were tried here. */
  readonly tries: Tries;
}

const maxSessions = 64;
const maxNonces = 16;
const nonceLifeMs = 120_000;

/** The sessions of this run of the program. Nothing of them outlives it. */
export class Sessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<SessionId, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a session, locked. The oldest of its kind ends when there are too many: sockets cannot push out a page. */
  begin(kind: SessionKind): Session {
    const id = newId<SessionId>('session');
    const session: Session = { id, kind, unlockedAt: undefined, nonces: new Map(), tries: new Tries(this.#clock) };
    this.#sessions.set(session.id, session);
    const alike = [...this.#sessions.values()].filter((one) => one.kind === kind);
    if (alike.length > maxSessions && alike[0]) this.#sessions.delete(alike[0].id);
    return session;
  }

  end(id: SessionId): void {
    this.#sessions.delete(id);
  }

  /** Refuses `session_unknown`. */
  get(id: SessionId): Session {
    const session = this.#sessions.get(id);
    if (session) return session;
    throw new Refusal('session_unknown', 'This page is no longer connected.', { hint: 'Open Counterfoil again.' });
  }

  /** A nonce for one confirmation in this session. */
  issueNonce(session: Session): { readonly nonce: string; readonly expiresAt: number } {
    const nonce = randomBytes(32).toString('base64url');
    session.nonces.set(nonce, this.#clock.elapsed() + nonceLifeMs);
    const [oldest] = session.nonces.keys();
    if (session.nonces.size > maxNonces && oldest !== undefined) session.nonces.delete(oldest);
    return { nonce, expiresAt: this.#clock.now() + nonceLifeMs };
  }

  /** True once for a nonce of this session whose time is not over. */
  useNonce(session: Session, nonce: string): boolean {
    const endsAt = session.nonces.get(nonce);
    // security: rule 2, single use whatever comes of it
    session.nonces.delete(nonce);
    return endsAt !== undefined && this.#clock.elapsed() < endsAt;
  }

  /** After the vault was locked no session is the one that was given the factor. */
  lockAll(): void {
    for (const session of this.#sessions.values()) session.unlockedAt = undefined;
  }
}
