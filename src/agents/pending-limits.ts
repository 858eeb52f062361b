import { Refusal } from '../base/errors.ts';
import type { ProcessEvidence } from '../platform/process-identity.ts';
import type { Agent } from './agents.ts';

const maxPending = 20;
const maxPendingPerTree = 3;
const retryAfterSeconds = 60;

/** How long a registration may wait for its first request. Milliseconds. */
export const stalePendingMs = 10 * 60_000;

/** Refuses `rate_limited` when one more pending agent were too many. Nothing older is evicted (security rule 29). */
export function assertRoomForPending(pending: readonly Agent[], evidence: ProcessEvidence): void {
  const tree = treeOf(evidence);
  const ofSameTree = pending.filter((agent) => treeOf(agent.registrationEvidence) === tree).length;
  // security: rule 29
  if (ofSameTree >= maxPendingPerTree) throw noRoom();
  assertRoomForOnePending(pending);
}

/** The same without looking at who asks, which costs more than the refusal. */
export function assertRoomForOnePending(pending: readonly Agent[]): void {
  // security: rule 29
  if (pending.length >= maxPending) throw noRoom();
}

function noRoom(): Refusal {
  return new Refusal('rate_limited', 'Too many agents wait to be accepted.', {
    retryAfterSeconds,
    hint: 'Use the registration that you have, or wait until the person has answered.',
  });
}

/** Programs that nothing is known about count as one tree: they must not get more room than known ones. */
function treeOf(evidence: ProcessEvidence): string {
  const top = evidence.root ?? evidence.process;
  return top === undefined ? 'unknown' : `${top.pid}/${top.startTime ?? ''}`;
}
