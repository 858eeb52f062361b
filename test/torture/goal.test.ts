import { expect, test } from 'vitest';
import { goal } from './goal.ts';

test('one seed gives one sequence for one goal, and another for another', () => {
  const first = Array.from({ length: 5 }, goal('R1', 100).random);
  expect(Array.from({ length: 5 }, goal('R1', 100).random)).toEqual(first);
  expect(Array.from({ length: 5 }, goal('R2', 100).random)).not.toEqual(first);
  expect(first.every((value) => value >= 0 && value < 1)).toBe(true);
});

test('a run of the suite does a part of each count, and never none', () => {
  const isWhole = process.env['TORTURE_COUNTS'] === 'whole';
  expect(goal('R1', 10_000).count).toBe(isWhole ? 10_000 : 100);
  expect(goal('R2', 20).count).toBe(isWhole ? 20 : 1);
});
