import { z } from 'zod';
import { Refusal } from '../base/errors.ts';
import type { Detail } from './details.ts';
import type { Member } from './members.ts';
import { isSet, shownText } from './schema.ts';

const mostLocations = 8;

/** Where a detail may be used (RFC 9396, section 2.2); absent means wherever it is granted. */
export const locations: Member<readonly string[]> = {
  schema: z
    .array(shownText(300))
    .min(1, 'is empty')
    .max(mostLocations, `has more than ${mostLocations} entries`)
    .refine(isSet, 'names a value twice'),
  within: (child, parent) => child.every((place) => parent.includes(place)),
  canonical: (value) => value.toSorted(),
  draw: (value) => (value === undefined ? [] : [{ label: 'Only at', kind: 'text', value, shrinks: false }]),
};

/**
 * A detail as it holds at one resource. Of the `locations` that it names, those that are this resource become `place`, in
 * that one spelling; others are left out, because nothing is granted there (RFC 9396, sections 3.2 and 9: the server may
 * narrow, and a resource gets only what is meant for it).
 *
 * Refuses `details_invalid` when none of them is this resource.
 *
 * @param place The provider's resource indicator: what its token will name.
 * @param names Everything that the resource is called, `place` included.
 */
export function bindToResource(detail: Detail, place: string, names: readonly string[]): Detail {
  const asked = detail['locations'];
  if (asked === undefined) return detail;
  const known = new Set(names.map(canonicalPlace));
  const places = Array.isArray(asked) ? (asked as readonly unknown[]) : [asked];
  if (places.some((one) => typeof one === 'string' && known.has(canonicalPlace(one)))) return { ...detail, locations: [place] };
  throw new Refusal('details_invalid', 'A detail is for another place than the resource of this request.', {
    hint: `locations must contain ${names.join(' or ')}, or be left out.`,
  });
}

/** One spelling of a URL (RFC 3986, section 6.2.2, as WHATWG writes it); what is no http(s) URL stays as it is. */
function canonicalPlace(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : text;
}
