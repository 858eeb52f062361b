import { inertString } from './inert-text.ts';

/** A sentence as one string, for labels, messages and searching. */
export function sentenceText(parts: readonly { readonly text: string }[]): string {
  return inertString(parts.map((part) => part.text).join(''));
}
