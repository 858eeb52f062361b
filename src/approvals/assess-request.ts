import type { Agent } from '../agents/agents.ts';
import { Refusal } from '../base/errors.ts';
import { findDetailType, type Risk } from '../details/details.ts';
import { decide } from '../policy/policy.ts';
import type { ApprovalRequest } from './approvals.ts';
import { isProgramVerified } from './program-facts.ts';

const levels: readonly Risk[] = ['low', 'medium', 'high'];

/** How risky a request is, and why. Refuses what policy forbids. */
export function assessRequest(
  request: ApprovalRequest,
  agent: Agent,
  paused: boolean,
): { readonly risk: Risk; readonly riskReasons: readonly string[] } {
  const judged = request.details.map(({ type, ...members }) => {
    const known = findDetailType(type);
    if (!known) throw new Refusal('details_unknown_type', 'One of the authorization details has a type that is not known here.');
    return known.risk({ type, ...members });
  });
  const highest = Math.max(0, ...judged.map((one) => levels.indexOf(one.level)));
  const decision = decide({
    agent,
    paused,
    details: request.details,
    risk: levels[highest] ?? 'high',
    programVerified: isProgramVerified(request.evidence),
  });
  if (decision.decision === 'forbid') throw forbidden(decision.rule);
  return { risk: decision.risk, riskReasons: [...new Set([...judged.flatMap((one) => one.reasons), ...decision.reasons])] };
}

function forbidden(rule: string): Refusal {
  switch (rule) {
    case 'agents-paused':
      return new Refusal('agents_paused', 'The person has paused all agents.');
    case 'no-details':
      return new Refusal('details_invalid', 'A request names at least one thing that it is for.');
    default:
      return new Refusal('agent_suspended', 'The person has suspended this agent.');
  }
}
