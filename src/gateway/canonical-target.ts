import { Refusal } from '../base/errors.ts';
import { asId, type ResourceId } from '../base/ids.ts';
import type { CheckedRequest } from '../gate/gate.ts';

/** Where a forwarded call wants to go. */
export interface Target {
  readonly resourceId: ResourceId;
  /** Relative to the resource's base; begins with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

const pattern = /^\/proxy\/([a-z0-9][a-z0-9-]{0,40})(\/.*)?$/;
const maxQueryLength = 4096;
/** Slash, backslash, controls and DEL; and whatever needs no encoding, which would be a second spelling. */
const refusedOctets = /^%(2F|5C|[01][0-9A-F]|7F|2D|2E|5F|7E|3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])$/;

/**
 * Takes a target apart that has exactly one spelling; any other is refused, never repaired, so that what is matched and
 * what the provider reads are the same bytes (security rule 26). Refuses `target_refused`, `resource_unknown`.
 */
export function parseTarget({ path, query }: Pick<CheckedRequest, 'path' | 'query'>): Target {
  const [, id, rest = '/'] = pattern.exec(path) ?? [];
  if (id === undefined) throw new Refusal('resource_unknown', 'There is no such resource.');
  assertCanonical(rest);
  if (query.length > maxQueryLength) throw refused('The query is too long.');
  return { resourceId: asId<ResourceId>(id), path: rest, query: new URLSearchParams(query) };
}

function assertCanonical(path: string): void {
  // security: rule 26
  const [, ...segments] = path.split('/');
  for (const [index, segment] of segments.entries()) {
    const isRoot = segment === '' && index === 0 && segments.length === 1;
    if (segment === '' && !isRoot) throw refused('Empty path segments are refused.');
    if (segment === '.' || segment === '..') throw refused('Dot segments are refused.');
    assertOctets(segment);
  }
}

function assertOctets(segment: string): void {
  for (const [octet = ''] of segment.matchAll(/%.{0,2}/g)) {
    if (!/^%[0-9A-F]{2}$/.test(octet)) throw refused('Percent-encoding must have two upper-case digits.');
    if (refusedOctets.test(octet)) throw refused('This percent-encoding is refused.');
  }
  if (!/^[\x21-\x7E]*$/.test(segment) || segment.includes('\\')) throw refused('Only printable ASCII is accepted.');
  try {
    decodeURIComponent(segment);
  } catch {
    throw refused('Percent-encoding must be UTF-8.');
  }
}

function refused(message: string): Refusal {
  return new Refusal('target_refused', message, { hint: 'Send the path in its canonical form (RFC 3986, section 6.2.2).' });
}
