import { replaceInvisible } from '../../base/invisible.ts';

const lineEnds = /\r\n?|[\u2028\u2029]/g;
const markup: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * Text that a desktop draws as it stands: no control, direction or invisible characters, at most `longest` characters.
 * Lines survive only with `lines`.
 */
export function inertText(text: string, { longest, lines }: { longest: number; lines: boolean }): string {
  const clean = replaceInvisible(text.toWellFormed().replace(lineEnds, '\n'), '', '\n');
  const characters = [...(lines ? clean : clean.replaceAll('\n', ' '))];
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`;
}

/** The same text for a daemon that reads markup in the body. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => markup[character] ?? character);
}
