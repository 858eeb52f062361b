import { describe, expect, it } from 'vitest';
import { localInput, parseLimitInput, parseTimeInput } from '../../renderer/features/inbox/typed-bounds.ts';

describe('a limit that is typed', () => {
  it('is a whole number, at least one and no more than was asked (security rule 7)', () => {
    expect(parseLimitInput(' 12 ', 50)).toBe(12);
    expect(parseLimitInput('50', 50)).toBe(50);
    for (const typed of ['51', '0', '-1', '1.5', '1e1', '', '٣', '0x1']) expect(parseLimitInput(typed, 50)).toBeUndefined();
  });
});

describe('an instant that is typed', () => {
  const asked = '2026-12-24T18:00:00Z';
  const typedAt = (instant: string) => localInput(instant);

  it('stays what was asked when it was not touched', () => {
    expect(parseTimeInput(typedAt(asked), { asked, bound: 'latest' })).toBe(asked);
  });

  it('moves inwards only, and is sent in UTC (security rule 7)', () => {
    const earlier = '2026-12-20T12:00:00Z';
    expect(parseTimeInput(typedAt(earlier), { asked, bound: 'latest' })).toBe(earlier);
    expect(parseTimeInput(typedAt(earlier), { asked, bound: 'earliest' })).toBeUndefined();
    const later = '2026-12-28T12:00:00Z';
    expect(parseTimeInput(typedAt(later), { asked, bound: 'latest' })).toBeUndefined();
    expect(parseTimeInput(typedAt(later), { asked, bound: 'earliest' })).toBe(later);
  });

  it('is refused in any other form', () => {
    for (const typed of ['', '2026-12-20', 'now', '+002026-12-20T12:00:00', '2026-12-20T12:00:00Z', '2026-13-40T00:00'])
      expect(parseTimeInput(typed, { asked, bound: 'latest' })).toBeUndefined();
  });
});
