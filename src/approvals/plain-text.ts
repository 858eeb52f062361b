import { replaceInvisible } from '../base/invisible.ts';

/**
 * Text that somebody else wrote, made safe to show: characters that do not show become a space, runs of white space one
 * space, the whole NFC and at most `longest` characters.
 */
export function plainText(text: string, longest: number): string {
  const shown = replaceInvisible(text.normalize('NFC'), ' ').replaceAll(/\s+/gu, ' ').trim();
  const characters = Array.from(shown);
  return characters.length <= longest ? shown : `${characters.slice(0, longest - 1).join('')}…`;
}
