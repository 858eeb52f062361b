import { describe, expect, test } from 'vitest';
import { checkedAgentName } from '../../src/agents/agent-name.ts';
import { plainText } from '../../src/approvals/approvals.ts';
import { isPlainLine } from '../../src/authserver/plain-line.ts';
import { hasInvisible, replaceInvisible } from '../../src/base/invisible.ts';
import { inert } from '../../src/cli/terminal.ts';
import { inertText } from '../../src/platform/notifier/inert-text.ts';

const characters: readonly (readonly [name: string, character: string])[] = [
  ['NUL', '\u0000'],
  ['tabulator', '\t'],
  ['line feed', '\n'],
  ['escape', '\u001b'],
  ['delete', '\u007f'],
  ['C1 control', '\u009b'],
  ['soft hyphen', '\u00ad'],
  ['combining grapheme joiner', '\u034f'],
  ['Arabic letter mark', '\u061c'],
  ['Hangul filler', '\u115f'],
  ['Hangul jungseong filler', '\u1160'],
  ['Khmer inherent vowel', '\u17b4'],
  ['Mongolian vowel separator', '\u180e'],
  ['zero width space', '\u200b'],
  ['zero width joiner', '\u200d'],
  ['right-to-left mark', '\u200f'],
  ['line separator', '\u2028'],
  ['paragraph separator', '\u2029'],
  ['right-to-left override', '\u202e'],
  ['word joiner', '\u2060'],
  ['first strong isolate', '\u2068'],
  ['Braille blank', '\u2800'],
  ['Hangul letter filler', '\u3164'],
  ['private use', '\ue000'],
  ['variation selector', '\ufe0f'],
  ['byte order mark', '\ufeff'],
  ['halfwidth Hangul filler', '\uffa0'],
  ['interlinear annotation', '\ufff9'],
  ['unpaired surrogate', '\ud800'],
  ['unassigned', '\u0378'],
  ['tag', '\u{e0041}'],
  ['supplementary variation selector', '\u{e0100}'],
];

describe.each(characters)('an invisible character, %s,', (_name, character) => {
  const text = `pay${character}ment`;

  test('is known as one (goal A2)', () => {
    expect(hasInvisible(text)).toBe(true);
    expect(replaceInvisible(text, '?')).toBe('pay?ment');
  });

  test('is refused or replaced wherever text of others comes in or goes out (goal A2)', () => {
    expect(() => checkedAgentName(text)).toThrow('visible characters');
    expect(isPlainLine(text, 100)).toBe(false);
    expect(plainText(text, 100)).toBe('pay ment');
    expect(hasInvisible(inertText(text, { longest: 100, lines: false }))).toBe(false);
    expect(inert(text)).toBe('pay\u{fffd}ment');
  });
});

test('letters, marks, digits, punctuation, spaces and symbols are visible', () => {
  const text = 'Ünïcode Ελλάδα Кириллица 中文 עברית العربية हिन्दी ไทย 42 € — “x” 🙂 e\u0301 \u00a0\u3000';
  expect(hasInvisible(text)).toBe(false);
  expect(replaceInvisible(text, '?')).toBe(text);
});

test('a line feed survives where lines are wanted, and nothing else does', () => {
  expect(replaceInvisible('one\ntwo\r\u202e', '', '\n')).toBe('one\ntwo');
  expect(inertText('one\u2028two\u202e', { longest: 100, lines: true })).toBe('one\ntwo');
});
