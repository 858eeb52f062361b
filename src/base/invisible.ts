/**
 * What an invisible character is, in one place, for everybody who refuses or replaces them: controls, format characters
 * (direction, joiners, tags), line and paragraph separators, private use, unassigned ones, broken pairs, whatever
 * Unicode lets a renderer ignore (fillers, variation selectors), and the Braille blank. Ordinary spaces are visible.
 */
const invisible = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
const everyInvisible = new RegExp(invisible.source, 'gu');

/** True when some character of `text` would not show, or would change how others show. */
export function hasInvisible(text: string): boolean {
  return invisible.test(text);
}

/** `text` with each invisible character replaced; `kept` ones stay, for example a line feed. */
export function replaceInvisible(text: string, replacement: string, kept = ''): string {
  return text.replaceAll(everyInvisible, (character) => (kept.includes(character) ? character : replacement));
}
