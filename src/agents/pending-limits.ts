import { limitReached, limits } from '../base/limits.ts';
import type { ProcessEvidence } from '../platform/process-identity.ts';
import type { Agent } from './agents.ts';

const retryAfterSeconds = 60;

/** How long a registration may wait for its first request. Milliseconds. */
export const stalePendingMs = 10 * 60_000;

/** Refuses `rate_limited` when one more pending agent were too many. Nothing older is evicted (security rule 29). */
export function assertRoomForPending(pending: readonly Agent[], evidence: ProcessEvidence): void {
  const tree = treeOf(evidence);
  const ofSameTree = pending.filter((agent) => treeOf(agent.registrationEvidence) === tree).length;
  // security: rule 29
  if (ofSameTree >= limits['pending-agents-of-program'].quota) throw limitReached('pending-agents-of-program', retryAfterSeconds);
  assertRoomForOnePending(pending);
}

/** The same without looking at who asks, which costs more than the refusal. */
export function assertRoomForOnePending(pending: readonly Agent[]): void {
  // security: rule 29
  if (pending.length >= limits['pending-agents'].quota) throw limitReached('pending-agents', retryAfterSeconds);
}

/** Programs that nothing is known about count as one tree: they must not get more room than known ones. */
export function treeOf(evidence: ProcessEvidence): string {
  const top = evidence.root ?? evidence.process;
  return top === undefined ? 'unknown' : `${top.pid}/${top.startTime ?? ''}`;
}
