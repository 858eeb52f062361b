import type { Agents } from '../agents/agents.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { Broker } from '../broker/broker.ts';
import type { Grants } from '../grants/grants.ts';
import { type Gaps, mayHaveOlderRows } from '../state-head/state-head.ts';

export interface AnswerGapDeps {
  readonly agents: Agents;
  readonly approvals: Approvals;
  readonly broker: Broker;
  readonly gaps: Gaps;
  readonly grants: Grants;
}

/**
 * Ends every grant that the person does not keep. Where rows may be older than they were, what the person had taken away may be
 * back: so agents without a kept grant are suspended, and notifications approve nothing until that is turned on again.
 */
export function answerGap(
  keep: ReadonlySet<string>,
  { agents, approvals, broker, gaps, grants }: AnswerGapDeps,
): { readonly kept: number; readonly ended: number; readonly suspended: number } {
  const gap = gaps.open();
  const live = grants.list({ live: true });
  const kept = live.filter(({ id }) => keep.has(id));
  const ending = live.filter(({ id }) => !keep.has(id));
  // Everything is lowered before the question is closed: an answer that stops in the middle is asked for again.
  for (const { id } of ending) broker.revoke(id);
  let suspended = 0;
  // security: rule 8
  if (gap !== undefined && mayHaveOlderRows(gap)) {
    const { approveLowRiskOnNotification, acceptUnknownTypes } = approvals.settings();
    if (approveLowRiskOnNotification || acceptUnknownTypes)
      approvals.changeSettings({ approveLowRiskOnNotification: false, acceptUnknownTypes: false });
    for (const { id, state } of agents.list()) {
      if (state !== 'accepted' || kept.some(({ agentId }) => agentId === id)) continue;
      agents.suspend(id);
      suspended += 1;
    }
  }
  const answer = { kept: kept.length, ended: ending.length, suspended };
  gaps.close(answer);
  return answer;
}
