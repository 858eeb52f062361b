import type { z } from 'zod';
import type { Agents } from '../../agents/agents.ts';
import { type Approval, sentenceOf } from '../../approvals/approvals.ts';
import type { ApprovalSummary, approvalSummary as shape } from '../../contract/shapes.ts';
import { agentNameOf } from './agent-name.ts';

/** One line of the queue. */
export function approvalSummary(approval: Approval, { agents }: { readonly agents: Agents }): ApprovalSummary {
  const agent = agents.find(approval.agentId);
  return {
    id: approval.id,
    agentName: agentNameOf(approval.agentId, agents),
    agentIsNew: agent?.state === 'pending',
    sentence: [...sentenceOf(approval.details)] as z.infer<typeof shape>['sentence'],
    risk: approval.risk,
    state: approval.state,
    createdAt: approval.createdAt,
    expiresAt: approval.expiresAt,
  };
}
