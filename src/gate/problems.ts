import type { ServerResponse } from 'node:http';
import type { RefusalCode } from '../base/errors.ts';
import { Refusal } from '../base/errors.ts';
import { proofAlgorithms } from '../base/proof-algorithms.ts';
import { fieldsOfRefusal, policiesIn, quotaExceeded } from './rate-limit-fields.ts';
import type { NextStep } from './refusal-row.ts';
import { refusalTable } from './refusal-table.ts';
import { setSecurityHeaders } from './security-headers.ts';

/** A refusal on the wire, RFC 9457. Members beyond these are ours and name no secret. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly [member: string]: unknown;
}

/** A refusal whatever it was: anything that is not one is `internal` and says nothing more. */
export function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal('internal', 'Something went wrong here. The log has more.');
}

/** Seconds until trying again makes sense, or `undefined` when it does not. */
function retryAfterOf(refusal: Refusal): number | undefined {
  const seconds = refusal.retryAfterSeconds ?? refusalTable[refusal.code].retryAfterSeconds;
  return seconds === undefined ? undefined : Math.max(1, Math.ceil(seconds));
}

/** Members that bodies of both kinds carry: which line of the table it is, and what to do next. */
export interface Guidance {
  readonly code: RefusalCode;
  readonly next: NextStep;
  readonly hint?: string;
  /** Seconds. */
  readonly retry_after?: number;
}

/** See {@link Guidance}. */
export function guidanceOf(refusal: Refusal): Guidance {
  const { next, hint, reader } = refusalTable[refusal.code];
  // the person's window has its own words
  const shown = refusal.hint ?? (reader === 'agents' ? hint : undefined);
  const retryAfter = retryAfterOf(refusal);
  return {
    code: refusal.code,
    // told when to try again: whatever the table says, waiting is what helps
    next: refusal.retryAfterSeconds === undefined ? next : 'wait',
    ...(shown === undefined ? {} : { hint: shown }),
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
  };
}

/** What a failure says to the other end. Anything that is not a {@link Refusal} is `internal` and says nothing more. */
export function problemOf(error: unknown): Problem {
  const refusal = refusalOf(error);
  const { status, title, oauth, challenge } = refusalTable[refusal.code];
  return {
    ...refusal.members,
    type: policiesIn(refusal.members).length > 0 ? quotaExceeded : `urn:counterfoil:problem:${refusal.code}`,
    title,
    status,
    detail: refusal.message,
    error: challenge ?? oauth.error,
    ...guidanceOf(refusal),
  };
}

/** The challenge of a protected resource for this refusal, or `undefined` where none belongs. @see RFC 9449, section 7.1 */
export function challengeOf(error: unknown): string | undefined {
  const { challenge } = refusalTable[refusalOf(error).code];
  if (challenge === undefined) return undefined;
  const algorithms = `algs="${proofAlgorithms.join(' ')}"`;
  return challenge === null ? `DPoP ${algorithms}` : `DPoP ${algorithms}, error="${challenge}"`;
}

/**
 * Answers with a problem and returns it. A bug must be logged by the caller: the answer says nothing of it.
 * When an answer has begun already the connection is cut, because half an answer must not look whole.
 */
export function sendProblem(response: ServerResponse, error: unknown, headers: Readonly<Record<string, string>> = {}): Problem {
  const problem = problemOf(error);
  if (response.headersSent) {
    response.destroy();
    return problem;
  }
  setSecurityHeaders(response);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  // A page on a rebound name reads what we answer. For every reason that it could probe for that is not one byte.
  const alike = problem['code'] === 'host_refused' || problem['code'] === 'origin_refused';
  const body = alike ? '' : JSON.stringify(problem);
  const { retry_after: retryAfter } = problem;
  if (typeof retryAfter === 'number') {
    response.setHeader('Retry-After', String(retryAfter));
    for (const [name, value] of Object.entries(fieldsOfRefusal(problem, retryAfter))) response.setHeader(name, value);
  }
  if (Array.isArray(problem['allow'])) response.setHeader('Allow', problem['allow'].join(', '));
  // an unread body would be taken for the next request, or kept coming
  if (!response.req.complete || alike) response.setHeader('Connection', 'close');
  response.writeHead(problem.status, {
    ...(alike ? {} : { 'Content-Type': 'application/problem+json' }),
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
  return problem;
}
