import { errors } from 'oidc-provider';
import type { ApprovalRequest, Approvals } from '../approvals/approvals.ts';
import { Refusal } from '../base/errors.ts';
import type { Connections, Resource } from '../connections/connections.ts';
import type { Detail } from '../details/details.ts';
import { bindToResource, isKnownType, parseDetailsText, scopesNeededBy } from '../details/details.ts';
import { findByIndicator, indicatorOf } from './resource-url.ts';
import { resourceScopesOf } from './token-request.ts';

/** Parameters of a request as the agent sent them, in the body or inside a signed request; none of them is checked. */
export type SentParameters = Readonly<Record<string, unknown>>;

export type Asked = Pick<ApprovalRequest, 'resourceId' | 'details' | 'scopes'>;

export interface AskedDeps {
  readonly connections: Connections;
  readonly issuer: string;
}

/** What the agent wants, where. Refuses `resource_unknown`, `details_invalid`, `details_unknown_type`, `scope_invalid`. */
export function askedOf(params: SentParameters, deps: AskedDeps & { readonly approvals: Approvals }): Asked {
  const resource = onlyResource(params, deps);
  const unknown = deps.approvals.settings().acceptUnknownTypes ? 'accept' : 'refuse';
  const details = detailsOf(params['authorization_details'], resource, { issuer: deps.issuer, unknown });
  return { resourceId: resource.id, details, scopes: scopesOf(params['scope'], { resource, details }) };
}

/** The resource of an indicator. Refuses `resource_unknown`, with what may be asked for in the hint. */
export function resourceOf(indicator: string, { connections, issuer }: AskedDeps): Resource {
  const resource = findByIndicator(indicator, { connections, issuer });
  if (resource !== undefined) return resource;
  const known = connections.resources().map((one) => indicatorOf(issuer, one));
  throw new Refusal('resource_unknown', 'This resource is not known here.', {
    hint: known.length === 0 ? 'The person has not connected anything yet.' : `Known resources: ${known.join(' ')}`,
  });
}

function onlyResource({ resource: indicator, audience }: SentParameters, deps: AskedDeps): Resource {
  const [one = audience, ...others] = Array.isArray(indicator) ? (indicator as readonly unknown[]) : [indicator ?? audience];
  if (typeof one !== 'string' || others.length > 0) {
    throw new Refusal('resource_unknown', 'A request names exactly one resource.', {
      hint: 'Send one resource parameter (RFC 8707).',
    });
  }
  if (audience !== undefined && audience !== one) throw new errors.InvalidRequest('audience and resource name different things');
  return resourceOf(one, deps);
}

interface DetailsDeps {
  readonly issuer: string;
  readonly unknown: 'refuse' | 'accept';
}

function detailsOf(sent: unknown, resource: Resource, deps: DetailsDeps): readonly Detail[] {
  if (sent === undefined) {
    throw new Refusal('details_invalid', 'authorization_details is missing.', {
      hint: `Say what you want to do, with the types ${resource.detailTypes.join(', ')} (RFC 9396).`,
    });
  }
  // In a signed request it may be an array as it is (RFC 9396, 3).
  const details = parseDetailsText(typeof sent === 'string' ? sent : JSON.stringify(sent), deps.unknown);
  if (details.some(({ type }) => isKnownType(type) && !resource.detailTypes.includes(type))) {
    throw new Refusal('details_unknown_type', 'One of the types does not belong to this resource.', {
      hint: `Types of this resource: ${resource.detailTypes.join(', ')}`,
    });
  }
  const names = [resource.indicator, indicatorOf(deps.issuer, resource)];
  return details.map((detail) => bindToResource(detail, resource.indicator, names));
}

/** The scopes at the resource: those that were asked for, else those that the details need; never more than they need. */
function scopesOf(text: unknown, asked: { readonly resource: Resource; readonly details: readonly Detail[] }): readonly string[] {
  const named = typeof text === 'string' ? resourceScopesOf(text) : [];
  if (named.some((scope) => !asked.resource.scopes.includes(scope))) {
    throw new Refusal('scope_invalid', 'One of the scopes does not belong to this resource.', {
      hint: `Scopes of this resource: ${asked.resource.scopes.join(' ')}`,
    });
  }
  const needed = scopesNeededBy(asked.details, asked.resource.terms).filter((scope) => asked.resource.scopes.includes(scope));
  if (named.length === 0) return needed;
  // security: a scope that no detail asks for would be granted without a word on the card
  if (named.some((scope) => !needed.includes(scope))) {
    throw new Refusal('scope_invalid', 'One of the scopes is for nothing that authorization_details asks for.', {
      hint: `These details need: ${needed.join(' ')}`,
    });
  }
  return named;
}
