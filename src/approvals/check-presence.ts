import { Refusal } from '../base/errors.ts';
import { detailTypeOf, isKnownType } from '../details/details.ts';
import type { Approval, ApprovalsDeps, Decision } from './approvals.ts';

const presenceMaxAgeMs = 120_000;

/**
 * Whether the person was verified well enough for this decision. Medium and high risk need a fresh factor; an approval
 * from a notification must fit security rule 12 at this moment. Refuses `presence_required`.
 */
export function checkPresence(approval: Approval, decision: Decision, notificationFits: () => boolean): void {
  const { presence } = decision;
  switch (presence.kind) {
    case 'none':
      // security: rule 12
      if (decision.narrowing.lifetime !== '15m' || !notificationFits())
        throw required('This cannot be approved from a notification.');
      return;
    case 'session':
      // security: rule 1
      if (approval.risk !== 'low') throw required('Approving this needs your passphrase.');
      return;
    case 'passphrase':
      return;
  }
}

/** True when a factor was given longer ago than it may be, or in the future. A session names when it was unlocked. */
export function isStale(decision: Decision, now: number): boolean {
  if (decision.presence.kind !== 'passphrase') return false;
  const age = now - decision.presence.at;
  return age < 0 || age > presenceMaxAgeMs;
}

/**
 * True when rule 12 lets this request be approved from its notice: turned on, low risk, an accepted agent, every type
 * approved before for this agent at this resource, and a notification daemon that is the one seen at unlock.
 */
export function fitsNotification(
  approval: Approval,
  settings: { readonly approveLowRiskOnNotification: boolean },
  deps: ApprovalsDeps,
): boolean {
  if (!settings.approveLowRiskOnNotification || approval.risk !== 'low' || deps.vault.state() !== 'unlocked') return false;
  if (deps.notifier.state() !== 'ready' || !deps.notifier.hasActions) return false;
  if (deps.agents.find(approval.agentId)?.state !== 'accepted') return false;
  if (approval.details.some((detail) => detailTypeOf(detail).once || !isKnownType(detail.type))) return false;
  const earlier = deps.grants.list({ agentId: approval.agentId }).filter((grant) => grant.resourceId === approval.resourceId);
  const types = new Set(earlier.flatMap((grant) => grant.details.map((detail) => detail.type)));
  return approval.details.every((detail) => types.has(detail.type));
}

function required(message: string): Refusal {
  return new Refusal('presence_required', message, { hint: 'Open the card and confirm with your passphrase.' });
}
