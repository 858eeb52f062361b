/**
 * May this agent do this: permit, ask, forbid, and why. Pure: facts in, decision out.
 *
 * Forbid wins; anything unsure asks. Nothing is permitted without a rule that the person made, and this version
 * has no such rules yet: every request that is not forbidden asks.
 */
import type { Detail, Risk } from '../details/details.ts';

export { decide } from './decide.ts';

export interface PolicyFacts {
  readonly agent: { readonly state: 'pending' | 'accepted' | 'suspended' | 'removed' };
  readonly paused: boolean;
  readonly details: readonly Detail[];
  readonly risk: Risk;
  /** True when one of the details has a type that is not known here. */
  readonly unknownType: boolean;
  /** True when the person allowed such types, with presence. */
  readonly unknownTypesAllowed: boolean;
  /** True when the program behind the agent could be verified. */
  readonly programVerified: boolean;
  /** True when the agent was allowed this in another program. */
  readonly programChanged: boolean;
}

export interface PolicyDecision {
  readonly decision: 'ask' | 'forbid';
  /** Unknown programs raise a low risk to medium. */
  readonly risk: Risk;
  /** The rule that decided, for the audit log. */
  readonly rule: string;
  readonly reasons: readonly string[];
}
