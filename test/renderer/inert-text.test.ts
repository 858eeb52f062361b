import { describe, expect, it } from 'vitest';
import { inertPieces, inertString } from '../../renderer/ui/inert-text.ts';

describe('text that an agent wrote (goal A2)', () => {
  it.each([
    ['right-to-left override', 'pay \u202Eevil', 'pay ⟨RLO⟩evil'],
    ['isolates', '\u2066a\u2069', '⟨LRI⟩a⟨PDI⟩'],
    ['Arabic letter mark', 'a\u061Cb', 'a⟨ALM⟩b'],
    ['zero width space, joiners, word joiner, BOM', 'a\u200Bb\u200Cc\u200Dd\u2060e\uFEFF', 'a⟨ZWSP⟩b⟨ZWNJ⟩c⟨ZWJ⟩d⟨WJ⟩e⟨BOM⟩'],
    ['soft hyphen', 'a\u00ADb', 'a⟨SHY⟩b'],
    ['terminal escapes', '\u001B[31mred\u001B[0m', '⟨ESC⟩[31mred⟨ESC⟩[0m'],
    ['NUL, BEL, DEL, C1', '\u0000\u0007\u007F\u009B', '⟨NUL⟩⟨BEL⟩⟨DEL⟩⟨U+009B⟩'],
    ['line breaks of every kind', 'a\nb\rc\u2028d\u2029e\u0085', 'a⟨LF⟩b⟨CR⟩c⟨U+2028⟩d⟨U+2029⟩e⟨U+0085⟩'],
    ['tag characters', 'a\u{E0041}', 'a⟨U+E0041⟩'],
    ['variation selectors', 'a\uFE0F\u{E0100}', 'a⟨U+FE0F⟩⟨U+E0100⟩'],
    ['fillers that look like nothing', '\u3164\u115F\uFFA0\u2800', '⟨U+3164⟩⟨U+115F⟩⟨U+FFA0⟩⟨U+2800⟩'],
    ['lone surrogates', 'a\uD800b', 'a⟨U+D800⟩b'],
    ['private use', '\uE000', '⟨U+E000⟩'],
    ['interlinear annotation', '\uFFF9a\uFFFB', '⟨U+FFF9⟩a⟨U+FFFB⟩'],
  ])('spells out %s', (_, text, drawn) => {
    expect(inertString(text)).toBe(drawn);
  });

  it('keeps letters of every script, accents and emoji as they are', () => {
    const text = 'Größe, naïve, Ελληνικά, مرحبا, 日本語, 👍, e\u0301';
    expect(inertString(text)).toBe(text);
  });

  it('stops marks from piling up over other lines', () => {
    const drawn = inertString(`a${'\u0301'.repeat(50)}`);
    expect(drawn.startsWith('a\u0301\u0301\u0301⟨U+0301⟩')).toBe(true);
  });

  it('keeps markup as characters', () => {
    expect(inertPieces('<b>x</b> [y](javascript:z)')).toEqual([{ text: '<b>x</b> [y](javascript:z)', escaped: false }]);
  });

  it('keeps line breaks only where it has a box of its own', () => {
    expect(inertString('a\nb')).toBe('a⟨LF⟩b');
    expect(inertPieces('a\n\tb', true)).toEqual([{ text: 'a\n\tb', escaped: false }]);
    expect(inertPieces('a\r\u202E', true).some((piece) => piece.escaped)).toBe(true);
  });

  it('marks what was spelled out apart from what was written that way', () => {
    expect(inertPieces('⟨RLO⟩\u202E')).toEqual([
      { text: '⟨RLO⟩', escaped: false },
      { text: '⟨RLO⟩', escaped: true },
    ]);
  });
});
