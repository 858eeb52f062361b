import type { ServerResponse } from 'node:http';
import { Refusal } from '../base/errors.ts';
import { challengeOf, sendProblem } from '../gate/gate.ts';

/** Answers a call with a problem, and with a challenge where one is due. */
export function sendCallProblem(response: ServerResponse, error: unknown): void {
  const challenge = challengeOf(error);
  sendProblem(response, error, challenge === undefined ? {} : { 'WWW-Authenticate': challenge });
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
