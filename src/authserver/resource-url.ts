import type { ResourceId } from '../base/ids.ts';
import { asId } from '../base/ids.ts';

/** How agents name a resource (RFC 8707); also the audience of its tokens. */
export function resourceUrl(issuer: string, id: ResourceId): string {
  return `${issuer}/proxy/${id}`;
}

/** The id in a resource indicator of ours, spelled exactly as {@link resourceUrl} does. Whether it exists is another question. */
export function resourceIdOf(issuer: string, indicator: string): ResourceId | undefined {
  const prefix = `${issuer}/proxy/`;
  const id = indicator.startsWith(prefix) ? indicator.slice(prefix.length) : '';
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id) ? asId<ResourceId>(id) : undefined;
}
