import { describe, expect, it } from 'vitest';
import { isUnused, selectGrants } from '../../renderer/features/grants/select-grants.ts';
import { grants } from './fixture/data.ts';

const now = Date.parse('2026-11-22T17:30:00Z');
const all = grants(now);
const ids = (filters: Parameters<typeof selectGrants>[1]['filters'], search = '') =>
  selectGrants(all, { filters, search, now }).map((grant) => grant.id);

describe('the grants list', () => {
  it('shows live ones first, then the newest', () => {
    const live = selectGrants(all, { filters: [], search: '', now }).map((grant) => grant.live);
    expect(live).toEqual([...live].sort((left, right) => Number(right) - Number(left)));
  });

  it('narrows by state, risk and disuse', () => {
    expect(ids(['ended'])).toEqual(['grant-6', 'grant-7']);
    expect(ids(['live', 'ended'])).toHaveLength(all.length);
    expect(ids(['live', 'high'])).toEqual(['grant-4']);
    expect(ids(['unused'])).toEqual(['grant-3']);
  });

  it('finds every word, in the agent, the action or the resource', () => {
    expect(ids([], 'claude pay')).toEqual(['grant-4']);
    expect(ids([], 'NORDWIND')).toEqual(['grant-4']);
    expect(ids([], 'claude nothing')).toEqual([]);
  });

  it('calls a live grant unused after 20 days, counted from approval when it was never used', () => {
    const [grant] = all;
    if (!grant) throw new Error('no grant');
    const unused = { ...grant, lastUsedAt: undefined, createdAt: now - 20 * 86_400_000 };
    expect(isUnused(unused, now)).toBe(true);
    expect(isUnused({ ...unused, createdAt: unused.createdAt + 1 }, now)).toBe(false);
    expect(isUnused({ ...unused, live: false }, now)).toBe(false);
    expect(isUnused({ ...unused, lastUsedAt: now - 1000 }, now)).toBe(false);
  });
});
