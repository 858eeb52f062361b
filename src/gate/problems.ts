import type { ServerResponse } from 'node:http';
import type { RefusalCode } from '../base/errors.ts';
import { Refusal } from '../base/errors.ts';
import { setSecurityHeaders } from './security-headers.ts';

/** A refusal on the wire, RFC 9457. Members beyond these are ours and name no secret. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly [member: string]: unknown;
}

/** Every refusal code once: its HTTP status and a title that never changes with the request. */
export const problemTable: Readonly<Record<RefusalCode, readonly [status: number, title: string]>> = {
  invalid_input: [400, 'The request is not well-formed'],
  not_found: [404, 'Not found'],
  conflict: [409, 'It has changed meanwhile'],
  too_large: [413, 'Too large'],
  rate_limited: [429, 'Too many requests'],
  internal: [500, 'Something went wrong here'],
  host_refused: [421, 'Refused'],
  origin_refused: [403, 'Refused'],
  target_refused: [400, 'The request target is refused'],
  method_refused: [405, 'Method not offered'],
  media_type_refused: [415, 'Media type not accepted'],
  session_unknown: [401, 'No such session'],
  session_signature: [401, 'The session could not be verified'],
  presence_required: [403, 'The person must confirm this'],
  presence_failed: [403, 'Presence was not confirmed'],
  passphrase_wrong: [403, 'Not confirmed'],
  passphrase_weak: [422, 'The passphrase is too weak'],
  recovery_code_wrong: [403, 'Not confirmed'],
  recovery_code_mistyped: [422, 'The recovery code is mistyped'],
  too_early: [425, 'Too early'],
  vault_absent: [503, 'Not set up yet'],
  vault_exists: [409, 'Set up already'],
  vault_locked: [503, 'Locked'],
  vault_damaged: [500, 'The vault is damaged'],
  data_missing: [500, 'Data is missing'],
  state_gap: [503, 'Stored data is not what it was'],
  row_tampered: [500, 'Stored data was changed from outside'],
  store_failed: [503, 'The store failed'],
  store_newer: [500, 'The data was written by a newer version'],
  keychain_unavailable: [503, 'The keychain is unavailable'],
  keychain_refused: [503, 'The keychain refused'],
  port_taken: [500, 'The port is taken'],
  already_running: [409, 'Running already'],
  launch_failed: [500, 'Could not be started'],
  agent_unknown: [401, 'Unknown agent'],
  agent_pending: [403, 'The agent has not been accepted'],
  agent_suspended: [403, 'The agent is suspended'],
  agents_paused: [403, 'All agents are paused'],
  token_missing: [401, 'A token is needed'],
  token_invalid: [401, 'The token is not valid'],
  proof_required: [401, 'A DPoP proof is needed'],
  proof_invalid: [401, 'The DPoP proof is not valid'],
  proof_replayed: [401, 'The DPoP proof was used before'],
  nonce_required: [401, 'The proof needs a fresh nonce'],
  key_mismatch: [401, 'Another key is bound'],
  details_invalid: [400, 'The authorization details are not valid'],
  details_unknown_type: [400, 'Unknown authorization details type'],
  resource_unknown: [404, 'Unknown resource'],
  scope_invalid: [400, 'The scope is not valid'],
  approval_pending: [409, 'Not decided yet'],
  approval_denied: [403, 'Denied'],
  approval_expired: [410, 'The request has expired'],
  approval_decided: [409, 'Decided already'],
  card_changed: [409, 'The card has changed'],
  narrowing_invalid: [422, 'The answer is not within what was asked'],
  grant_revoked: [403, 'The grant was ended'],
  grant_expired: [403, 'The grant has expired'],
  grant_used_up: [403, 'The grant is used up'],
  call_not_covered: [403, 'The grant does not cover this call'],
  connection_signed_out: [503, 'The person must sign in at the provider'],
  sign_in_failed: [502, 'Sign-in at the provider failed'],
  upstream_unreachable: [502, 'The provider cannot be reached'],
  upstream_slow: [504, 'The provider did not answer in time'],
  upstream_refused: [502, 'The provider refused'],
  upstream_wider: [502, 'The provider gave more than was asked'],
};

const defaultRetryAfterSeconds: Partial<Readonly<Record<RefusalCode, number>>> = {
  rate_limited: 30,
  vault_absent: 30,
  vault_locked: 10,
  state_gap: 60,
  store_failed: 10,
  keychain_unavailable: 30,
  keychain_refused: 30,
  connection_signed_out: 30,
  upstream_unreachable: 5,
  upstream_slow: 5,
};

/** Seconds until trying again makes sense, or `undefined` when it does not. */
export function retryAfterOf(refusal: Refusal): number | undefined {
  const seconds = refusal.retryAfterSeconds ?? defaultRetryAfterSeconds[refusal.code];
  return seconds === undefined ? undefined : Math.max(1, Math.ceil(seconds));
}

/** What a failure says to the other end. Anything that is not a {@link Refusal} is `internal` and says nothing more. */
export function problemOf(error: unknown): Problem {
  const refusal = error instanceof Refusal ? error : new Refusal('internal', 'Something went wrong here. The log has more.');
  const [status, title] = problemTable[refusal.code];
  const retryAfter = retryAfterOf(refusal);
  return {
    ...refusal.members,
    type: `urn:counterfoil:problem:${refusal.code}`,
    title,
    status,
    detail: refusal.message,
    error: refusal.code,
    ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
  };
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
  const alike = problem.error === 'host_refused' || problem.error === 'origin_refused';
  const body = alike ? '' : JSON.stringify(problem);
  if (typeof problem.retry_after === 'number') response.setHeader('Retry-After', String(problem.retry_after));
  if (Array.isArray(problem.allow)) response.setHeader('Allow', problem.allow.join(', '));
  // an unread body would be taken for the next request, or kept coming
  if (!response.req.complete || alike) response.setHeader('Connection', 'close');
  response.writeHead(problem.status, {
    ...(alike ? {} : { 'Content-Type': 'application/problem+json' }),
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
  return problem;
}
