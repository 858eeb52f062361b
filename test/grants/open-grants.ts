/** The grants over what we keep, with one accepted agent to give them to. */
import { type Agents, createAgents } from '../../src/agents/agents.ts';
import { type AgentId, asId, type GrantId, newId } from '../../src/base/ids.ts';
import { createGrants, type Grant, type Grants } from '../../src/grants/grants.ts';
import { evidenceOf } from '../support/memory-platform.ts';
import { type Keep, type KeepOptions, openKeep } from '../support/open-keep.ts';

export const agentId = asId<AgentId>('agent-one');

export interface OpenGrants {
  readonly keep: Keep;
  readonly agents: Agents;
  readonly grants: Grants;
  /** Creates one and returns its id. */
  readonly create: (changes?: Partial<Grant>) => GrantId;
}

export async function openGrants(options: KeepOptions = {}): Promise<OpenGrants> {
  const keep = await openKeep(options);
  const agents = createAgents(keep);
  const grants = createGrants(keep);
  agents.register({
    id: agentId,
    claimedName: 'Agent One',
    keyThumbprint: 'key',
    registrationEvidence: evidenceOf(),
    metadata: {},
  });
  return {
    keep,
    agents,
    grants,
    create(changes = {}) {
      const id = newId<GrantId>('grant');
      const step = grants.createStep({
        id,
        agentId,
        connectionId: asId('connection-one'),
        resourceId: asId('demo'),
        approvalId: asId('approval-one'),
        receiptId: asId('receipt-one'),
        details: [{ type: 'account_information', actions: ['list_accounts'] }],
        scopes: ['accounts'],
        risk: 'low',
        sentence: [{ text: 'Read' }],
        expiresAt: keep.clock.now() + 60_000,
        evidence: {},
        ...changes,
      });
      keep.audit.commit(step.change, step.events);
      return id;
    },
  };
}
