import type { ResourceId } from '../base/ids.ts';
import { asId } from '../base/ids.ts';
import type { Connections, Resource } from '../connections/connections.ts';
import type { Detail } from '../details/details.ts';

/** How agents name a resource that calls are forwarded to (RFC 8707); also the audience of its tokens. */
export function resourceUrl(issuer: string, id: ResourceId): string {
  return `${issuer}/proxy/${id}`;
}

/** How agents name a resource, and the audience of its tokens. A local one has its own URL: calls to it do not pass through us. */
export function indicatorOf(issuer: string, resource: Resource): string {
  return resource.local === undefined ? resourceUrl(issuer, resource.id) : resource.indicator;
}

/** The resource that is named exactly so; `undefined` for any other spelling. */
export function findByIndicator(
  indicator: string,
  { issuer, connections }: { readonly issuer: string; readonly connections: Connections },
): Resource | undefined {
  const id = resourceIdOf(issuer, indicator);
  const found =
    id === undefined ? connections.resources().find((one) => one.indicator === indicator) : connections.findResource(id);
  return found !== undefined && indicatorOf(issuer, found) === indicator ? found : undefined;
}

/**
 * The details that are any business of this audience: those that name it, and those that name no place.
 * @see RFC 9396, sections 2.2 and 7
 */
export function detailsForAudience(details: readonly Detail[], audience: string): readonly Detail[] {
  return details.filter(({ locations }) => !Array.isArray(locations) || locations.includes(audience));
}

/** The id in a resource indicator of ours, spelled exactly as {@link resourceUrl} does. Whether it exists is another question. */
export function resourceIdOf(issuer: string, indicator: string): ResourceId | undefined {
  const prefix = `${issuer}/proxy/`;
  const id = indicator.startsWith(prefix) ? indicator.slice(prefix.length) : '';
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id) ? asId<ResourceId>(id) : undefined;
}
