import { expect, test } from 'vitest';
import { endOf, lifetimesFor } from '../../src/approvals/lifetimes.ts';

const start = Date.UTC(2026, 2, 1, 9, 30);

test('"today" ends at the next local midnight, also on days on which the clocks change', () => {
  for (let day = 0; day < 400; day += 1) {
    const now = start + day * 86_400_000 + ((day * 977) % 1440) * 60_000;
    const end = endOf('today', now);
    const local = new Date(end);
    expect([local.getHours(), local.getMinutes(), local.getSeconds()]).toEqual([0, 0, 0]);
    expect(end).toBeGreaterThan(now);
    expect(end - now).toBeLessThanOrEqual(25 * 3_600_000);
  }
});

test('no preselected lifetime is longer than an hour', () => {
  for (const risk of ['low', 'medium', 'high'] as const) {
    for (const once of [true, false]) {
      const [first] = lifetimesFor(risk, once);
      expect(endOf(first!, start) - start).toBeLessThanOrEqual(3_600_000);
    }
  }
});

test('"once" ends after five minutes', () => {
  expect(endOf('once', start)).toBe(start + 300_000);
});
