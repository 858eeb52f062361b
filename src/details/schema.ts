import { z } from 'zod';
import { Refusal } from '../base/errors.ts';
import { hasInvisible } from '../base/invisible.ts';

/**
 * Text that a person will read: 1 to `longest` characters, nothing invisible in it.
 * Control, bidirectional and zero-width characters are refused, because what is shown would not be what is meant.
 */
export function shownText(longest: number): z.ZodType<string> {
  return (
    z
      .string()
      .min(1, 'is empty')
      .max(longest, `is longer than ${longest} characters`)
      .refine((text) => !hasInvisible(text), 'holds control, bidirectional or invisible characters')
      .refine((text) => text === text.trim(), 'begins or ends with white space')
      // Two spellings that look alike would be compared as different.
      .refine((text) => text === text.normalize('NFC'), 'is not in Unicode normalization form C')
  );
}

/** True when no value stands twice. */
export function isSet(values: readonly string[]): boolean {
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
