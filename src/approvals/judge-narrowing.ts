import { isRefusal, Refusal } from '../base/errors.ts';
import { type Detail, detailTypeOf, narrows, parseDetails, scopesNeededBy, type Terms } from '../details/details.ts';
import type { Approval, Narrowing } from './approvals.ts';
import { askedDigest } from './digests.ts';
import { lifetimesFor } from './lifetimes.ts';

/**
 * Proves that an answer is within what was asked, and returns it as parsed by ours, with the scopes that its details need:
 * a scope that only a detail taken out needed goes with it.
 *
 * Refuses `narrowing_invalid`: a detail that is wider than every single asked one, or differs in a field that nobody
 * would enforce (security rule 7), a scope that was not asked for, or a lifetime that is not offered.
 */
export function judgeNarrowing(approval: Approval, narrowing: Narrowing, terms: Terms = {}): Narrowing {
  const details = parseAnswer(narrowing.details);
  if (details.length === 0 || details.length > approval.details.length)
    throw refusal('It must name some of what was asked, and no more.');
  const taken = new Set<Detail>();
  for (const detail of details) {
    const asked = approval.details.find((candidate) => !taken.has(candidate) && narrows(detail, candidate, terms[candidate.type]));
    if (!asked) throw refusal('One part is not within what was asked, or narrows a field that nobody would enforce.');
    taken.add(asked);
  }
  const scopes = [...new Set(narrowing.scopes)];
  if (approval.forGrant !== undefined && askedDigest({ ...approval, details, scopes }) !== approval.askedDigest)
    throw refusal('What was granted stays as it is: this only says whether another program may use it.');
  if (!scopes.every((scope) => approval.scopes.includes(scope))) throw refusal('It names a scope that was not asked for.');
  if (!allowedLifetimes(approval).includes(narrowing.lifetime)) throw refusal('This lifetime is not offered for this request.');
  if (approval.forGrant !== undefined) return { details, scopes, lifetime: narrowing.lifetime };
  // security: rule 7, a scope without a detail would be authority that no line of the card names
  const needed = scopesNeededBy(details, terms);
  return { details, scopes: scopes.filter((scope) => needed.includes(scope)), lifetime: narrowing.lifetime };
}

/** The lifetimes offered on this card; the first is preselected. */
export function allowedLifetimes(approval: Pick<Approval, 'details' | 'risk' | 'forGrant'>): Narrowing['lifetime'][] {
  // How long another program counts as this agent's; the grant keeps its own end.
  if (approval.forGrant !== undefined) return lifetimesFor(approval.risk, false).filter((lifetime) => lifetime !== 'once');
  const once = approval.details.some((detail) => detailTypeOf(detail).once);
  return [...lifetimesFor(approval.risk, once)];
}

function parseAnswer(details: readonly Detail[]): readonly Detail[] {
  try {
    return parseDetails(details, 'accept');
  } catch (error) {
    if (isRefusal(error)) throw refusal(error.hint ?? error.message);
    throw error;
  }
}

function refusal(hint: string): Refusal {
  return new Refusal('narrowing_invalid', 'This answer is not within what was asked.', { hint });
}
