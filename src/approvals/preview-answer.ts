import type { Agent } from '../agents/agents.ts';
import type { Connections, LocalVerification, Resource } from '../connections/connections.ts';
import { type Detail, detailTypeOf, type Enforcer, isKnownType, type Terms } from '../details/details.ts';
import type { Approval, CardFact, Narrowing, Preview } from './approvals.ts';
import { grantedDigest } from './digests.ts';
import type { CardDeps } from './draw-card.ts';
import { judgeNarrowing } from './judge-narrowing.ts';
import { endOf, lifetimes } from './lifetimes.ts';
import { programName } from './program-facts.ts';
import { askedSentence, sentenceOf, sentenceText } from './sentence.ts';

/**
 * What an answer would mean. The decision is computed by this same function, so what was shown is what is granted.
 * Refuses `narrowing_invalid`.
 */
export function previewAnswer(approval: Approval, narrowing: Narrowing, context: CardDeps & { readonly now: number }): Preview {
  const answer = judgeNarrowing(approval, narrowing, context.connections.findResource(approval.resourceId)?.terms);
  const agent = context.agents.get(approval.agentId);
  return {
    grantedDigest: grantedDigest(approval, agent, answer),
    sentence: askedSentence({ ...approval, details: answer.details }),
    parts: answer.details.map((detail) => detailTypeOf(detail).sentence(detail)),
    consequences: (approval.forGrant === undefined ? consequences : programConsequences)(approval, answer, { ...context, agent }),
    expiresAt: endOf(answer.lifetime, context.now),
  };
}

function consequences(approval: Approval, answer: Narrowing, context: CardDeps & { readonly agent: Agent }): readonly CardFact[] {
  const { agent, agents, connections } = context;
  const resource = connections.findResource(approval.resourceId);
  const isLocal = resource?.local !== undefined;
  const limits = lifetimes[answer.lifetime];
  return [
    {
      label: 'Goes to',
      value: resource ? goesTo(resource, connections) : approval.resourceId,
      standing: 'known',
    },
    { label: 'Can do', value: answer.details.map((detail) => sentenceText(sentenceOf([detail]))).join('; '), standing: 'known' },
    ...(answer.scopes.length === 0
      ? []
      : [{ label: 'Scopes', value: answer.scopes.join(' '), standing: 'known', mono: true } as const]),
    { label: 'Lives', value: limits.uses === 1 ? `${limits.words}, one call in all` : limits.words, standing: 'known' },
    { label: 'Limits held by', value: isLocal ? localLimits : enforcers(answer.details, resource?.terms), standing: 'known' },
    ...(isLocal ? [] : unforwarded(answer.details, resource?.terms)),
    { label: 'Held by', value: resource?.local ? localHolders[resource.local.by] : heldByUs, standing: 'known' },
    {
      label: 'Recorded as',
      value: `you, through ${agents.displayName(agent)}`,
      standing: agent.state === 'pending' ? 'claim' : 'known',
    },
  ];
}

const heldByUs = 'Counterfoil, never the agent; bound to a key kept for this agent';
const localLimits = 'the server on this computer, which reads them in the token; Counterfoil sees no call';
/** What it means that no call passes through us. */
const localHolders: Readonly<Record<LocalVerification['by'], string>> = {
  signature: 'the agent, bound to its own key; each token lasts at most 60 seconds, and nobody can stop it before its end',
  introspection: 'the agent, bound to its own key; the server asks Counterfoil about each token, so it stops at once',
};

function goesTo(resource: Resource, connections: Connections): string {
  return resource.local === undefined
    ? `${resource.baseUrl} · ${connections.get(resource.connectionId).issuer}`
    : `${resource.indicator} · on this computer, directly`;
}

function programConsequences(approval: Approval, answer: Narrowing): readonly CardFact[] {
  return [
    { label: 'Program', value: programName(approval.evidence), standing: 'known', mono: true },
    { label: 'Can do', value: 'what you granted before, and nothing more; the grant keeps its own end', standing: 'known' },
    { label: 'Counts for', value: lifetimes[answer.lifetime].words, standing: 'known' },
  ];
}

const enforcerWords: Readonly<Record<Exclude<Enforcer, 'none'>, string>> = {
  upstream: 'the provider, in the token',
  broker: 'Counterfoil, on every call',
};

function enforcers(details: readonly Detail[], terms: Terms = {}): string {
  const fields = details.flatMap((detail) => detailTypeOf(detail).fields(detail, terms[detail.type]));
  const named = (['upstream', 'broker'] as const).filter((by) => fields.some((field) => field.enforcedBy.includes(by)));
  const open = new Set(fields.filter((field) => field.enforcedBy.includes('none')).map((field) => field.label.toLowerCase()));
  if (details.some((detail) => !isKnownType(detail.type))) open.add('what Counterfoil does not know');
  const held = named.map((by) => enforcerWords[by]).join('; ');
  const unheld = open.size === 0 ? '' : `nobody limits: ${[...open].join(', ')}`;
  return [held, unheld].filter((part) => part !== '').join('; ');
}

/** Under some details no call can go through us: the card says so before anybody signs for them. */
function unforwarded(details: readonly Detail[], terms: Terms = {}): readonly CardFact[] {
  const titles = details
    .filter(
      (detail) =>
        !detailTypeOf(detail)
          .fields(detail, terms[detail.type])
          .some((field) => field.enforcedBy.includes('broker')),
    )
    .map((detail) => detailTypeOf(detail).title.toLowerCase());
  if (titles.length === 0) return [];
  return [{ label: 'Calls', value: `none go through Counterfoil for: ${[...new Set(titles)].join(', ')}`, standing: 'known' }];
}
