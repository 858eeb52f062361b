import { z } from 'zod';
import { Refusal } from '../base/errors.ts';

const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115F\u1160\u2800\u3164\uFFA0]/u;

/**
 * Text that a person will read: 1 to `longest` characters, nothing invisible in it.
 * Control, bidirectional and zero-width characters are refused, because what is shown would not be what is meant.
 */
export function shownText(longest: number): z.ZodType<string> {
  return z
    .string()
    .min(1, 'is empty')
    .max(longest, `is longer than ${longest} characters`)
    .refine((text) => !hidden.test(text), 'holds control, bidirectional or invisible characters')
    .refine((text) => text === text.trim(), 'begins or ends with white space');
}

/** Where a detail may be used (RFC 9396, section 2.2). */
export const locations = z
  .array(shownText(300))
  .min(1, 'is empty')
  .max(8, 'has more than 8 entries')
  .refine(isSet, 'names a value twice');

/** A non-empty set of words out of a fixed list. */
export function subsetOf<const Word extends string>(words: readonly [Word, ...Word[]]): z.ZodType<readonly Word[]> {
  return z.array(z.enum(words, 'is not one of the known values')).min(1, 'is empty').refine(isSet, 'names a value twice');
}

function isSet(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/**
 * Reads `input` by `schema`. Refuses `details_invalid`; the hint names the member by its JSON Pointer and never
 * repeats a value.
 */
export function parseMembers<Output>(schema: z.ZodType<Output>, input: Readonly<Record<string, unknown>>): Output {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    throw invalid([...issue.path, issue.keys[0] ?? ''], 'is not a member of this type');
  }
  const reason = issue?.code === 'invalid_type' ? `must be of type ${issue.expected}` : (issue?.message ?? 'is not valid');
  throw invalid(issue?.path ?? [], reason);
}

/** The refusal that names one member. */
export function invalid(path: readonly PropertyKey[], reason: string): Refusal {
  return new Refusal('details_invalid', 'The authorization details are not valid.', {
    hint: `${pointer(path)} ${reason}.`,
  });
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${inert(String(step))}`).join('') || '/';
}

/** Member names are written by the agent: only plain short ones are repeated. */
function inert(step: string): string {
  return /^[\w.-]{1,60}$/.test(step) ? step : '(a member with an unusual name)';
}
