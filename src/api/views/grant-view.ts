import type { Agents } from '../../agents/agents.ts';
import type { Approvals } from '../../approvals/approvals.ts';
import { isRefusal } from '../../base/errors.ts';
import type { Broker } from '../../broker/broker.ts';
import { type Connections, thisComputer } from '../../connections/connections.ts';
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

/** The rows of the grants list. What many rows share is read once. */
export function grantViews(grants: readonly Grant[], deps: GrantViewDeps): GrantView[] {
  const { agents, connections } = deps;
  const names: Names = {
    agents: new Map([...new Set(grants.map(({ agentId }) => agentId))].map((id) => [id, agentNameOf(id, agents)])),
    since: new Map(agents.list().map(({ id, acceptedAt }) => [id, acceptedAt])),
    resources: new Map(connections.resources().map(({ id, name }) => [id, name])),
    connections: new Map(connections.list().map(({ id, name }) => [id, name])),
  };
  return grants.map((grant) => grantView(grant, names, deps));
}

interface Names {
  readonly agents: ReadonlyMap<string, string>;
  readonly since: ReadonlyMap<string, number | undefined>;
  readonly resources: ReadonlyMap<string, string>;
  readonly connections: ReadonlyMap<string, string>;
}

function grantView(grant: Grant, names: Names, deps: GrantViewDeps): GrantView {
  const agentSince = names.since.get(grant.agentId);
  return {
    id: grant.id,
    agentId: grant.agentId,
    agentName: names.agents.get(grant.agentId) ?? grant.agentId,
    ...(agentSince === undefined ? {} : { agentSince }),
    sentence: [...grant.sentence],
    resourceName: names.resources.get(grant.resourceId) ?? grant.resourceId,
    connectionName:
      grant.connectionId === thisComputer ? 'This computer' : (names.connections.get(grant.connectionId) ?? grant.connectionId),
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
    ...(grant.unstoppableUntil === undefined ? {} : { unstoppableUntil: grant.unstoppableUntil }),
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
