const lineEnds = /\r\n?|[\u2028\u2029]/g;
/** C0 and C1 without the line feed, marks and overrides of direction, invisible joiners and tag characters. */
const invisible =
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu;
const markup: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * Text that a desktop draws as it stands: no control, direction or invisible characters, at most `longest` characters.
 * Lines survive only with `lines`.
 */
export function inertText(text: string, { longest, lines }: { longest: number; lines: boolean }): string {
  const clean = text.toWellFormed().replace(lineEnds, '\n').replace(invisible, '');
  const characters = [...(lines ? clean : clean.replaceAll('\n', ' '))];
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`;
}

/** The same text for a daemon that reads markup in the body. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => markup[character] ?? character);
}
