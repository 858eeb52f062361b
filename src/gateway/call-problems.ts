import type { ServerResponse } from 'node:http';
import { Refusal, type RefusalCode } from '../base/errors.ts';
import { sendProblem } from '../gate/gate.ts';

/** RFC 9449, section 7.1, and RFC 6750, section 3.1: what each refusal is called in a challenge. */
const challengeErrors: Partial<Readonly<Record<RefusalCode, string | null>>> = {
  token_missing: null,
  token_invalid: 'invalid_token',
  key_mismatch: 'invalid_token',
  agent_unknown: 'invalid_token',
  proof_required: 'invalid_dpop_proof',
  proof_invalid: 'invalid_dpop_proof',
  proof_replayed: 'invalid_dpop_proof',
  nonce_required: 'use_dpop_nonce',
  call_not_covered: 'insufficient_scope',
  grant_revoked: 'insufficient_scope',
  grant_expired: 'insufficient_scope',
  grant_used_up: 'insufficient_scope',
};

/** Answers a call with a problem, and with a challenge where one is due. */
export function sendCallProblem(response: ServerResponse, error: unknown): void {
  const challenge = error instanceof Refusal ? challengeErrors[error.code] : undefined;
  const headers = challenge === undefined ? {} : { 'WWW-Authenticate': challengeOf(challenge) };
  sendProblem(response, error, headers);
}

function challengeOf(error: string | null): string {
  return error === null ? 'DPoP algs="ES256"' : `DPoP algs="ES256", error="${error}"`;
}

/**
 * The provider said 401 or 403 to our credential. Its challenge is about that one and would mislead the agent: what the
 * agent gets is a problem of ours.
 */
export function refusedByProvider(status: number): Refusal {
  const members = { upstream_status: status };
  return status === 401
    ? new Refusal('upstream_refused', 'The provider did not take the credential. A new one is fetched for the next call.', {
        members,
        retryAfterSeconds: 1,
      })
    : new Refusal('upstream_refused', 'The provider does not allow this call.', { members });
}
