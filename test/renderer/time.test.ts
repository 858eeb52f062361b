import { describe, expect, it } from 'vitest';
import { digestGroups } from '../../renderer/ui/digest.ts';
import { ago, countdown, dayAndTime, duration, shortDate } from '../../renderer/ui/time.ts';

const at = (text: string) => new Date(text).getTime();
const now = at('2026-11-22T17:30:00');

describe('time in words', () => {
  it.each([
    ['2026-11-22T17:30:00', 'just now'],
    ['2026-11-22T17:30:20', 'just now'],
    ['2026-11-22T17:28:00', '2 min ago'],
    ['2026-11-22T14:30:00', '3 h ago'],
    ['2026-11-21T16:00:00', 'yesterday'],
    ['2026-11-17T17:30:00', '5 days ago'],
    ['2026-10-12T09:00:00', '12 Oct'],
    ['2025-10-12T09:00:00', '12 Oct 2025'],
  ])('%s was %s', (instant, words) => {
    expect(ago(at(instant), now)).toBe(words);
  });

  it('shortly after midnight says hours, not yesterday', () => {
    expect(ago(at('2026-11-21T23:30:00'), at('2026-11-22T01:30:00'))).toBe('2 h ago');
  });

  it.each([
    ['2026-11-22T18:00:00', 'today 18:00'],
    ['2026-11-23T09:30:00', 'tomorrow 09:30'],
    ['2026-11-21T16:02:00', 'yesterday 16:02'],
    ['2026-11-29T12:00:00', '29 Nov'],
  ])('%s is %s', (instant, words) => {
    expect(dayAndTime(at(instant), now)).toBe(words);
  });

  it.each([
    [102_000, '1:42', '1 min 42 s'],
    [595_000, '9:55', '9 min 55 s'],
    [9_000, '0:09', '9 s'],
    [-5, '0:00', '0 s'],
    [3_900_000, '1 h 5 min', '1 h 5 min'],
    [2_520_000, '42:00', '42 min'],
    [259_200_000, '72 h 0 min', '3 days'],
  ])('%d ms counts down as %s and reads %s', (milliseconds, clock, words) => {
    expect(countdown(milliseconds)).toBe(clock);
    expect(duration(milliseconds)).toBe(words);
  });

  it('names the year only when it is another', () => {
    expect(shortDate(at('2026-01-05T00:00:00'), now)).toBe('5 Jan');
    expect(shortDate(at('2027-01-05T00:00:00'), now)).toBe('5 Jan 2027');
  });
});

it('a digest is shown in groups of four', () => {
  expect(digestGroups('4f9a2c7188d01b5eabcdef')).toBe('4f9a 2c71 · 88d0 1b5e');
});
