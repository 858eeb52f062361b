import type { Agent } from '../agents/agents.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import { detailTypeOf, isKnownType, type Risk } from '../details/details.ts';
import { decide, type PolicyDecision } from '../policy/policy.ts';
import type { Approval, ApprovalRequest } from './approvals.ts';
import { isProgramVerified } from './program-facts.ts';

type Judged = ApprovalRequest & Pick<Approval, 'forGrant'>;

const levels: readonly Risk[] = ['low', 'medium', 'high'];

export interface Assessment {
  readonly risk: Risk;
  readonly riskReasons: readonly string[];
}

/** What the person has set that policy goes by. */
interface Situation {
  readonly paused: boolean;
  readonly acceptUnknownTypes: boolean;
}

/** How risky a request is, and why. Refuses what policy forbids. */
export function assessRequest(request: Judged, agent: Agent, situation: Situation): Assessment {
  const { decision, assessment } = judge(request, agent, situation);
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
    // Not for a decision: it is made anew when the answer comes.
    if (agent) return judge(request, agent, { paused: false, acceptUnknownTypes: true }).assessment;
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  return { risk: 'high', riskReasons: ['This request cannot be judged now.'] };
}

function judge(
  request: Judged,
  agent: Agent,
  { paused, acceptUnknownTypes }: Situation,
): { readonly decision: PolicyDecision; readonly assessment: Assessment } {
  const judged = request.details.map((detail) => detailTypeOf(detail).risk(detail));
  const highest = Math.max(0, ...judged.map((one) => levels.indexOf(one.level)));
  const decision = decide({
    agent,
    paused,
    details: request.details,
    risk: levels[highest] ?? 'high',
    unknownType: request.details.some(({ type }) => !isKnownType(type)),
    unknownTypesAllowed: acceptUnknownTypes,
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
    case 'unknown-type':
      return new Refusal('details_unknown_type', 'One of the authorization details has a type that is not known here.', {
        hint: 'Use a type that the resource names. The person can allow others in the settings.',
      });
    default:
      return new Refusal('agent_suspended', 'The person has suspended this agent.');
  }
}
