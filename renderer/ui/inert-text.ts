/** A piece of text to draw: as it is, or a character that would hide or move something, by its name. */
export interface InertPiece {
  readonly text: string;
  readonly escaped: boolean;
}

const names: Readonly<Record<number, string>> = {
  0x00: 'NUL',
  0x07: 'BEL',
  0x08: 'BS',
  0x09: 'TAB',
  0x0a: 'LF',
  0x0d: 'CR',
  0x1b: 'ESC',
  0x7f: 'DEL',
  0xad: 'SHY',
  0x61c: 'ALM',
  0x200b: 'ZWSP',
  0x200c: 'ZWNJ',
  0x200d: 'ZWJ',
  0x200e: 'LRM',
  0x200f: 'RLM',
  0x202a: 'LRE',
  0x202b: 'RLE',
  0x202c: 'PDF',
  0x202d: 'LRO',
  0x202e: 'RLO',
  0x2060: 'WJ',
  0x2066: 'LRI',
  0x2067: 'RLI',
  0x2068: 'FSI',
  0x2069: 'PDI',
  0xfeff: 'BOM',
};

/** Characters that are not drawn as themselves: controls, format and bidi characters, fillers, lone surrogates, private use. */
const hidden =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u{115F}\u{1160}\u{3164}\u{FFA0}\u{034F}\u{17B4}\u{17B5}\u{180B}-\u{180F}\u{2800}\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]/u;

/** More marks than this on one letter pile up over the lines around it. */
const mostMarks = 3;

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `⟨${names[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`}⟩`;
}

/** Breaks are kept as they are in text of several lines. */
function isKept(character: string, keepLines: boolean): boolean {
  return keepLines && (character === '\n' || character === '\t');
}

/**
 * Splits text that somebody else wrote into pieces that are safe to draw: what would hide, reorder or pile up is spelled out.
 *
 * @param keepLines Keeps line breaks and tabs, for text drawn in a box of its own.
 */
export function inertPieces(text: string, keepLines = false): readonly InertPiece[] {
  const pieces: { text: string; escaped: boolean }[] = [];
  let marks = 0;
  for (const character of text) {
    marks = /\p{M}/u.test(character) ? marks + 1 : 0;
    const escaped = marks > mostMarks || (hidden.test(character) && !isKept(character, keepLines));
    const drawn = escaped ? nameOf(character) : character;
    const last = pieces.at(-1);
    if (last?.escaped === escaped) last.text += drawn;
    else pieces.push({ text: drawn, escaped });
  }
  return pieces;
}

/** The same as one string, for labels and messages. */
export function inertString(text: string): string {
  return inertPieces(text)
    .map((piece) => piece.text)
    .join('');
}
