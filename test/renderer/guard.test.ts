import { describe, expect, it } from 'vitest';
import { guardMs, guardRemaining } from '../../renderer/features/inbox/guard.ts';

describe('the input guard (goal A3)', () => {
  it('accepts nothing until the card has been in sight for 700 ms', () => {
    expect(guardMs).toBe(700);
    expect(guardRemaining({ since: 1000, inFront: true }, 1000)).toBe(700);
    expect(guardRemaining({ since: 1000, inFront: true }, 1699)).toBe(1);
    expect(guardRemaining({ since: 1000, inFront: true }, 1700)).toBe(0);
  });

  it('accepts nothing while the window is not in front, however long', () => {
    expect(guardRemaining({ since: 0, inFront: false }, 1_000_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it('accepts nothing before a card was ever shown', () => {
    expect(guardRemaining({ since: Number.POSITIVE_INFINITY, inFront: true }, 1_000_000)).toBeGreaterThan(0);
  });
});
