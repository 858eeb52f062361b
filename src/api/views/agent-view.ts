import type { Agent } from '../../agents/agents.ts';
import { plainText, programFacts } from '../../approvals/approvals.ts';
import type { AgentView } from '../../contract/shapes.ts';
import type { Grants } from '../../grants/grants.ts';

/** One agent of the agents page. */
export function agentView(agent: Agent, { grants }: { readonly grants: Grants }): AgentView {
  return {
    id: agent.id,
    ...(agent.name === undefined ? {} : { name: agent.name }),
    claimedName: plainText(agent.claimedName, 80),
    state: agent.state === 'removed' ? 'suspended' : agent.state,
    registeredAt: agent.registeredAt,
    ...(agent.acceptedAt === undefined ? {} : { acceptedAt: agent.acceptedAt }),
    keyThumbprint: agent.keyThumbprint,
    program: [...programFacts(agent.registrationEvidence)],
    liveGrants: grants.list({ agentId: agent.id, live: true }).length,
  };
}
