import { Refusal } from './errors.ts';

/** How much of something one partition may have. */
export interface Limit {
  readonly quota: number;
  /** Seconds. Absent: what is there at the same time, for however long. */
  readonly windowSeconds?: number;
  readonly unit: 'requests' | 'content-bytes' | 'concurrent-requests';
  /** Who shares one quota. */
  readonly partition:
    | 'agent'
    | 'resource server'
    | 'process tree'
    | 'agents not accepted yet'
    | 'callers not registered'
    | 'everybody';
  /** What a refusal says, and what helps. */
  readonly words: string;
  readonly hint: string;
}

const slower = 'Wait for the seconds of Retry-After; RateLimit tells what is left.';
const answered = 'Wait until the person has answered, or combine requests.';

/**
 * Every limit on what agents send, in one place. The names are on the wire: `RateLimit-Policy`, `violated-policies`.
 *
 * Limits with a window are counted in memory by a clock that only goes on, and begin anew with each run of the program: a
 * restart gives at most one quota more, and locks the vault, so nothing is issued for it. `questions` and everything that is there at
 * the same time are counted from rows that are kept, so a restart gives nothing.
 */
export const limits = {
  requests: {
    quota: 2_400,
    windowSeconds: 60,
    unit: 'requests',
    partition: 'agent',
    words: 'This agent sends too many requests.',
    hint: slower,
  },
  polls: {
    quota: 600,
    windowSeconds: 60,
    unit: 'requests',
    partition: 'agent',
    words: 'This agent polls too often.',
    hint: 'A poll is held for 20 seconds: send the next one when it is answered.',
  },
  calls: {
    quota: 60_000,
    windowSeconds: 60,
    unit: 'requests',
    partition: 'agent',
    words: 'This agent makes too many calls.',
    hint: slower,
  },
  'failed-proofs': {
    quota: 120,
    windowSeconds: 60,
    unit: 'requests',
    partition: 'agent',
    words: 'Too many DPoP proofs of this agent were not valid; none is looked at now.',
    hint: 'Sign with the nonce of the last answer, for exactly this method and URL.',
  },
  bytes: {
    quota: 64 * 1024 * 1024,
    windowSeconds: 60,
    unit: 'content-bytes',
    partition: 'agent',
    words: 'This agent sends too much.',
    hint: slower,
  },
  questions: {
    quota: 30,
    windowSeconds: 600,
    unit: 'requests',
    partition: 'agent',
    words: 'Too many requests of this agent were not answered.',
    hint: 'Ask less often: each request is a question to a person.',
  },
  'pending-approvals': {
    quota: 10,
    unit: 'concurrent-requests',
    partition: 'agent',
    words: 'Too many requests of this agent wait for an answer.',
    hint: answered,
  },
  'pending-approvals-of-new-agents': {
    quota: 30,
    unit: 'concurrent-requests',
    partition: 'agents not accepted yet',
    words: 'Too many requests of agents that are not accepted yet wait for an answer.',
    hint: answered,
  },
  'pending-approvals-of-all': {
    quota: 1_000,
    unit: 'concurrent-requests',
    partition: 'everybody',
    words: 'Too many requests wait for an answer.',
    hint: answered,
  },
  'pending-agents': {
    quota: 20,
    unit: 'concurrent-requests',
    partition: 'agents not accepted yet',
    words: 'Too many agents wait to be accepted.',
    hint: 'Use the registration that you have, or wait until the person has answered.',
  },
  'pending-agents-of-program': {
    quota: 3,
    unit: 'concurrent-requests',
    partition: 'process tree',
    words: 'Too many agents of this program wait to be accepted.',
    hint: 'Use the registration that you have, or wait until the person has answered.',
  },
  strangers: {
    quota: 600,
    windowSeconds: 60,
    unit: 'requests',
    partition: 'callers not registered',
    words: 'Too many requests come from programs that are not registered.',
    hint: slower,
  },
  'strangers-of-program': {
    quota: 120,
    windowSeconds: 60,
    unit: 'requests',
    partition: 'process tree',
    words: 'This program sends too many requests without being registered.',
    hint: 'Register once and keep the registration; send client assertions that verify.',
  },
  'token-questions': {
    quota: 100,
    windowSeconds: 1,
    unit: 'requests',
    partition: 'resource server',
    words: 'Too many questions about tokens.',
    hint: slower,
  },
  'remembered-proofs': {
    quota: 500_000,
    windowSeconds: 65,
    unit: 'requests',
    partition: 'everybody',
    words: 'Too many requests.',
    hint: slower,
  },
} as const satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof limits;

/** What is left of one quota. */
export interface QuotaState {
  readonly limit: LimitName;
  readonly quota: number;
  readonly remaining: number;
  /** Seconds until the quota is whole again; absent where nobody can tell. */
  readonly resetSeconds?: number;
}

/** The `rate_limited` refusal of a limit. @param retryAfterSeconds Not before the quota is whole again. */
export function limitReached(limit: LimitName, retryAfterSeconds: number): Refusal {
  const { words, hint } = limits[limit];
  return new Refusal('rate_limited', words, { hint, retryAfterSeconds, members: { 'violated-policies': [limit] } });
}
