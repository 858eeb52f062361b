import type { AuditEvent } from '../audit/audit.ts';
import { Refusal } from '../base/errors.ts';
import type { Resource } from '../connections/connections.ts';
import { type CallFacts, coversCall } from '../details/details.ts';
import type { Grant } from '../grants/grants.ts';

/**
 * One single detail of the grant must cover the call.
 * Refuses `call_not_covered` with `required_details`: what a new request would have to ask for.
 */
export function assertCovered(grant: Grant, resource: Resource, call: CallFacts): void {
  const refuse = (missing: readonly unknown[]): Refusal =>
    new Refusal('call_not_covered', 'The grant does not cover this call.', {
      members: { required_details: missing },
      hint:
        missing.length > 0
          ? 'Ask for the details in required_details.'
          : 'No authorization details of this server cover such a call.',
    });
  // security: rule 9, a grant for one resource reaches no other
  if (grant.resourceId !== resource.id || grant.connectionId !== resource.connectionId) throw refuse([]);
  if (call.body === 'unparsed') throw refuse([]);
  // security: rule 7
  const coverage = coversCall(grant.details, call, resource.terms);
  if (!coverage.covered) throw refuse(coverage.missing);
}

/** The address upstream: the resource's base and the canonical path and query, and nothing that could leave it. */
export function upstreamUrl(resource: Resource, call: CallFacts): URL {
  const base = new URL(resource.baseUrl);
  const path = `${base.pathname.replace(/\/$/, '')}${call.path}`;
  const query = call.query.toString();
  const url = new URL(`${base.origin}${path}${query === '' ? '' : `?${query}`}`);
  // security: rule 26, what was matched is what is sent
  if (url.origin !== base.origin || url.pathname !== path) {
    throw new Refusal('target_refused', 'The path is not in canonical form.');
  }
  return url;
}

/** The event of a call that goes out. Never the query: it may hold anything. */
export function forwardedEvent(grant: Grant, call: CallFacts): AuditEvent {
  return {
    ...callSubject(grant),
    event: 'call.forwarded',
    outcome: 'ok',
    facts: { method: call.method, path: call.path.slice(0, 200) },
  };
}

export function callSubject({ id: grantId, agentId, connectionId, resourceId }: Grant) {
  return { grantId, agentId, connectionId, resourceId };
}
