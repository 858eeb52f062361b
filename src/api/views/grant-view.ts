import type { Agents } from '../../agents/agents.ts';
import type { Approvals } from '../../approvals/approvals.ts';
import { isRefusal } from '../../base/errors.ts';
import type { Broker } from '../../broker/broker.ts';
import type { Connections } from '../../connections/connections.ts';
import type { GrantView } from '../../contract/shapes.ts';
import type { Grant, Grants } from '../../grants/grants.ts';
import { agentNameOf } from './agent-name.ts';

export interface GrantViewDeps {
  readonly agents: Agents;
  readonly approvals: Approvals;
  readonly broker: Broker;
  readonly connections: Connections;
  readonly grants: Grants;
}

/** One row of the grants list. */
export function grantView(grant: Grant, deps: GrantViewDeps): GrantView {
  const agent = deps.agents.find(grant.agentId);
  return {
    id: grant.id,
    agentId: grant.agentId,
    agentName: agentNameOf(grant.agentId, deps.agents),
    ...(agent?.acceptedAt === undefined ? {} : { agentSince: agent.acceptedAt }),
    sentence: [...grant.sentence],
    resourceName: deps.connections.findResource(grant.resourceId)?.name ?? grant.resourceId,
    connectionName: deps.connections.list().find(({ id }) => id === grant.connectionId)?.name ?? grant.connectionId,
    risk: grant.risk,
    live: deps.grants.isLive(grant),
    createdAt: grant.createdAt,
    expiresAt: grant.expiresAt,
    once: grant.usesAllowed === 1,
    ...(grant.usesAllowed === undefined ? {} : { usesAllowed: grant.usesAllowed }),
    uses: grant.usesReserved,
    ...(grant.lastUsedAt === undefined ? {} : { lastUsedAt: grant.lastUsedAt }),
    ...(grant.endedAt === undefined ? {} : { endedAt: grant.endedAt }),
    ...(grant.endedBy === undefined ? {} : { endedBy: grant.endedBy }),
    upstreamEnd: deps.broker.upstreamEnd(grant.id),
    detailJson: JSON.stringify(grant.details, undefined, 2),
    ...digestOf(grant, deps.approvals),
  };
}

function digestOf(grant: Grant, approvals: Approvals): Pick<GrantView, 'grantedDigest'> {
  try {
    const grantedDigest = approvals.findReceipt(grant.receiptId)?.grantedDigest;
    return grantedDigest === undefined ? {} : { grantedDigest };
  } catch (error) {
    if (isRefusal(error, 'row_tampered')) return {};
    throw error;
  }
}
