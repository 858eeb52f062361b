import type { Agent, Agents } from '../agents/agents.ts';
import type { Connections } from '../connections/connections.ts';
import { actionDigest, type Detail, type DetailField, detailTypeOf, isKnownType, type Terms } from '../details/details.ts';
import type { Grants } from '../grants/grants.ts';
import type { Approval, Card, CardDetail } from './approvals.ts';
import { allowedLifetimes } from './judge-narrowing.ts';
import { programFacts } from './program-facts.ts';
import { askedSentence, leadOf } from './sentence.ts';

export interface CardDeps {
  readonly agents: Agents;
  readonly connections: Connections;
  readonly grants: Grants;
}

/** Draws the card of an approval from the request and from what the system reports. */
export function drawCard(approval: Approval, deps: CardDeps): Card {
  const agent = deps.agents.get(approval.agentId);
  const shown = shownParts(approval, agent, deps);
  return { ...shown, version: versionOf(shown, agent), agent: { ...shown.agent, callCount: callCount(approval, deps.grants) } };
}

type Shown = Omit<Card, 'version' | 'agent'> & { readonly agent: Omit<Card['agent'], 'callCount'> };

function shownParts(approval: Approval, agent: Agent, deps: CardDeps): Shown {
  const resource = deps.connections.findResource(approval.resourceId);
  const resourceName = resource?.name ?? approval.resourceId;
  return {
    id: approval.id,
    state: approval.state,
    ...(approval.withdrawn === undefined ? {} : { withdrawn: approval.withdrawn }),
    createdAt: approval.createdAt,
    expiresAt: approval.expiresAt,
    askedDigest: approval.askedDigest,
    agent: {
      id: agent.id,
      name: deps.agents.displayName(agent),
      isNew: agent.state === 'pending',
      resemblesAnother: deps.agents.resemblesAnother(agent),
      ...(agent.acceptedAt === undefined ? {} : { acceptedAt: agent.acceptedAt }),
    },
    program: programFacts(approval.evidence),
    sentence: askedSentence(approval),
    lead: leadOf(approval.details, resourceName),
    resourceName,
    risk: approval.risk,
    riskReasons: approval.riskReasons,
    presence: approval.risk === 'low' ? 'session' : 'passphrase',
    details: approval.details.map((detail) => drawDetail(detail, approval, resource?.terms)),
    scopes: approval.scopes,
    narrowable: approval.forGrant === undefined,
    ...(approval.bindingMessage === undefined ? {} : { claim: approval.bindingMessage }),
    lifetimes: allowedLifetimes(approval),
  };
}

function drawDetail(detail: Detail, approval: Approval, terms: Terms = {}): CardDetail {
  const type = detailTypeOf(detail);
  return {
    detail,
    title: type.title,
    sentence: type.sentence(detail),
    known: isKnownType(detail.type),
    fields: fieldsOf(approval, type.fields(detail, terms[detail.type])),
  };
}

/**
 * A number that changes when anything shown changes, and only then: 48 bits of the digest of what is shown. The count of
 * calls is left out, because an agent at work would keep its own card from being answered.
 */
function versionOf(shown: Shown, agent: Agent): number {
  return Number.parseInt(actionDigest('card', { shown, agentState: agent.state, key: agent.keyThumbprint }).slice(0, 12), 16);
}

function callCount(approval: Approval, grants: Grants): number {
  return grants.list({ agentId: approval.agentId }).reduce((sum, grant) => sum + grant.usesReserved, 0);
}

/** A question about a program changes nothing of what was granted. */
function fieldsOf(approval: Approval, fields: readonly DetailField[]): readonly DetailField[] {
  return approval.forGrant === undefined ? fields : fields.map((field) => ({ ...field, narrowable: false }));
}
