import type { AuditEvent } from '../audit/audit.ts';
import { isKnownType } from '../details/details.ts';
import type { Approval, ApprovalState } from './approvals.ts';

/** States in which a request is over and nothing was allowed. */
export type End = Exclude<ApprovalState, 'pending' | 'approved'>;

const endEvents = { denied: 'approval.denied', expired: 'approval.expired', cancelled: 'approval.cancelled' } as const;

export function subjectOf(approval: Approval): Pick<AuditEvent, 'agentId' | 'approvalId' | 'resourceId'> {
  return { agentId: approval.agentId, approvalId: approval.id, resourceId: approval.resourceId };
}

export function requestedEvent(approval: Approval): AuditEvent {
  return {
    ...subjectOf(approval),
    event: 'approval.requested',
    hashes: { asked: approval.askedDigest },
    facts: {
      ...(approval.forGrant === undefined ? {} : { question: 'another program' }),
      risk: approval.risk,
      types: approval.details.map((detail) => (isKnownType(detail.type) ? detail.type : 'unknown')).join(' '),
    },
  };
}

/** Tells of a request that ended in `state`. */
export function endedEvent(ended: Approval, state: End): AuditEvent {
  return {
    ...subjectOf(ended),
    event: endEvents[state],
    approver: state === 'denied' ? 'user' : 'none',
    outcome: state === 'expired' ? 'expired' : 'denied',
    ...(ended.withdrawn === undefined ? {} : { reason: withdrawnWords[ended.withdrawn] }),
    hashes: { asked: ended.askedDigest },
  };
}

const withdrawnWords = { 'by-agent': 'withdrawn by the agent', 'polled-too-fast': 'the agent polled too fast' } as const;
