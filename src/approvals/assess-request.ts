import type { Agent } from '../agents/agents.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import { findDetailType, type Risk } from '../details/details.ts';
import { decide, type PolicyDecision } from '../policy/policy.ts';
import type { Approval, ApprovalRequest } from './approvals.ts';
import { isProgramVerified } from './program-facts.ts';

type Judged = ApprovalRequest & Pick<Approval, 'forGrant'>;

const levels: readonly Risk[] = ['low', 'medium', 'high'];

export interface Assessment {
  readonly risk: Risk;
  readonly riskReasons: readonly string[];
}

/** How risky a request is, and why. Refuses what policy forbids. */
export function assessRequest(request: Judged, agent: Agent, paused: boolean): Assessment {
  const { decision, assessment } = judge(request, agent, paused);
  if (decision.decision === 'forbid') throw forbidden(decision.rule);
  return assessment;
}

/**
 * How risky a request that waits is by what is known now, whatever its row says. One that cannot be judged, because its
 * agent is gone or damaged, is as risky as can be.
 */
export function assessAgain(request: Judged, findAgent: () => Agent | undefined): Assessment {
  try {
    const agent = findAgent();
    if (agent) return judge(request, agent, false).assessment;
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  return { risk: 'high', riskReasons: ['This request cannot be judged now.'] };
}

function judge(
  request: Judged,
  agent: Agent,
  paused: boolean,
): { readonly decision: PolicyDecision; readonly assessment: Assessment } {
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
    programChanged: request.forGrant !== undefined,
  });
  const riskReasons = [...new Set([...judged.flatMap((one) => one.reasons), ...decision.reasons])];
  return { decision, assessment: { risk: decision.risk, riskReasons } };
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
