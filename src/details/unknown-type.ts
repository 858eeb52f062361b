import { canonicalJson } from './canonical.ts';
import type { Detail, DetailType } from './details.ts';
import { invalid, shownText } from './schema.ts';

/**
 * A type that nobody here knows, for a person who allowed such: high risk, drawn whole by whoever draws it, within nothing
 * but its equal, and no call is covered by it (security rule 7).
 */
export function unknownType(type: string): DetailType {
  return {
    type,
    title: 'Something that Counterfoil does not know',
    about: 'A type that is not known here.',
    example: { type },
    once: false,
    parse(input) {
      // The name stands in the sentence, so nothing may hide in it.
      if (!shownText(200).safeParse(input['type']).success)
        throw invalid(['type'], 'is not a plain name of at most 200 characters');
      assertExact(input, []);
      return input as Detail;
    },
    canonical: (detail) => detail,
    sentence: () => [{ text: 'Allow something that Counterfoil does not know: ' }, { text: type, strong: true }],
    lead: (_detail, where) => [{ text: 'at ' }, { text: where, strong: true }, { text: ', as you' }],
    risk: () => ({ level: 'high', reasons: ['Counterfoil does not know what this means. Read every line of it.'] }),
    fields: () => [],
    within: (child, parent) => canonicalJson(child) === canonicalJson(parent),
    scopes: (terms) => terms?.scopes ?? [],
    // security: rule 7, nobody could tell whether a call is what was granted
    covers: () => ({ covered: false, foreign: true }),
  };
}

/** Numbers that JSON readers read differently would be shown as another than was asked. */
function assertExact(value: unknown, path: readonly string[]): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      throw invalid(path, 'is a number that is not exact');
    return;
  }
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'string') canonicalJson(value);
    return;
  }
  for (const [name, inner] of Object.entries(value)) {
    canonicalJson(name);
    assertExact(inner, [...path, name]);
  }
}
