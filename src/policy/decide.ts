import type { Risk } from '../details/details.ts';
import type { PolicyDecision, PolicyFacts } from './policy.ts';

/** Whether the request may be put to the person, and how much risk the person is told of. */
export function decide(facts: PolicyFacts): PolicyDecision {
  const reasons = reasonsForMore(facts);
  const risk: Risk = facts.risk === 'low' && reasons.length > 0 ? 'medium' : facts.risk;
  const forbidden = forbiddenBy(facts);
  if (forbidden) return { decision: 'forbid', risk, rule: forbidden, reasons };
  return { decision: 'ask', risk, rule: 'default-ask', reasons };
}

function forbiddenBy(facts: PolicyFacts): string | undefined {
  if (facts.agent.state === 'suspended' || facts.agent.state === 'removed') return `agent-${facts.agent.state}`;
  if (facts.paused) return 'agents-paused';
  if (facts.unknownType && !facts.unknownTypesAllowed) return 'unknown-type';
  return facts.details.length === 0 ? 'no-details' : undefined;
}

function reasonsForMore(facts: PolicyFacts): readonly string[] {
  const reasons: string[] = [];
  // security: rule 20, unknown means medium or higher
  if (!facts.programVerified) reasons.push('The program that asks could not be verified.');
  // security: rule 14, a new program is never low risk, so it needs a fresh factor
  if (facts.programChanged) reasons.push('It runs in another program than when you allowed this.');
  if (facts.agent.state === 'pending') reasons.push('This agent is new.');
  return reasons;
}
