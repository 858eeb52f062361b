import type { Agent } from '../agents/agents.ts';
import { type Detail, type Enforcer, findDetailType } from '../details/details.ts';
import type { Approval, CardFact, Narrowing, Preview } from './approvals.ts';
import { grantedDigest } from './digests.ts';
import type { CardDeps } from './draw-card.ts';
import { judgeNarrowing } from './judge-narrowing.ts';
import { endOf, lifetimes } from './lifetimes.ts';
import { sentenceOf, sentenceText } from './sentence.ts';

/**
 * What an answer would mean. The decision is computed by this same function, so what was shown is what is granted.
 * Refuses `narrowing_invalid`.
 */
export function previewAnswer(approval: Approval, narrowing: Narrowing, context: CardDeps & { readonly now: number }): Preview {
  const answer = judgeNarrowing(approval, narrowing);
  const agent = context.agents.get(approval.agentId);
  return {
    grantedDigest: grantedDigest(approval, agent, answer),
    sentence: sentenceOf(answer.details),
    consequences: consequences(approval, answer, { ...context, agent }),
    expiresAt: endOf(answer.lifetime, context.now),
  };
}

function consequences(approval: Approval, answer: Narrowing, context: CardDeps & { readonly agent: Agent }): readonly CardFact[] {
  const { agent, agents, connections } = context;
  const resource = connections.findResource(approval.resourceId);
  const connection = resource && connections.get(resource.connectionId);
  const limits = lifetimes[answer.lifetime];
  return [
    {
      label: 'Goes to',
      value: resource ? `${resource.baseUrl} · ${connection?.issuer ?? ''}` : approval.resourceId,
      standing: 'known',
    },
    { label: 'Can do', value: answer.details.map((detail) => sentenceText(sentenceOf([detail]))).join('; '), standing: 'known' },
    ...(answer.scopes.length === 0
      ? []
      : [{ label: 'Scopes', value: answer.scopes.join(' '), standing: 'known', mono: true } as const]),
    { label: 'Lives', value: limits.uses === 1 ? `${limits.words}, one call in all` : limits.words, standing: 'known' },
    { label: 'Limits held by', value: enforcers(answer.details), standing: 'known' },
    { label: 'Held by', value: 'Counterfoil, never the agent; bound to a key kept for this agent', standing: 'known' },
    {
      label: 'Recorded as',
      value: `you, through ${agents.displayName(agent)}`,
      standing: agent.state === 'pending' ? 'claim' : 'known',
    },
  ];
}

const enforcerWords: Readonly<Record<Exclude<Enforcer, 'none'>, string>> = {
  upstream: 'the provider, in the token',
  broker: 'Counterfoil, on every call',
};

function enforcers(details: readonly Detail[]): string {
  const fields = details.flatMap((detail) => findDetailType(detail.type)?.fields(detail) ?? []);
  const named = (['upstream', 'broker'] as const).filter((by) => fields.some((field) => field.enforcedBy.includes(by)));
  const open = fields.filter((field) => field.enforcedBy.includes('none')).map((field) => field.label.toLowerCase());
  const held = named.map((by) => enforcerWords[by]).join('; ');
  return open.length === 0 ? held : `${held}; nobody limits: ${[...new Set(open)].join(', ')}`;
}
