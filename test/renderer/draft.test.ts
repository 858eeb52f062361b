import { describe, expect, it } from 'vitest';
import {
  draftOf,
  firstLifetime,
  lifetimeLadder,
  toggled,
  withField,
  withMember,
  withoutDetail,
} from '../../renderer/features/inbox/draft.ts';
import { cardFor } from './fixture/requests.ts';

const payment = cardFor('high-1', 0);
const [amount] = payment.details[0]?.fields ?? [];

describe('the answer as it is narrowed', () => {
  it('begins as what was asked', () => {
    expect(draftOf(payment).narrowing.details).toEqual(payment.details.map(({ detail }) => detail));
    expect(draftOf(payment).narrowing.scopes).toEqual(payment.scopes);
  });

  it('has the lifetime that the core put first, in a ladder from short to long', () => {
    expect(firstLifetime(['1h', 'once', '15m', 'today'])).toBe('1h');
    expect(lifetimeLadder(['1h', 'once', '15m', 'today'])).toEqual(['once', '15m', '1h', 'today']);
  });

  it('replaces one member and leaves the request itself alone', () => {
    const before = structuredClone(payment);
    if (!amount) throw new Error('no amount');
    const next = withField(draftOf(payment), { detailIndex: 0, field: amount, value: '180.00' });
    expect(next.narrowing.details[0]).toMatchObject({ instructedAmount: { amount: '180.00', currency: 'EUR' } });
    expect(payment).toEqual(before);
  });

  it('cannot be sent while a field holds what is not a value', () => {
    if (!amount) throw new Error('no amount');
    const broken = withField(draftOf(payment), { detailIndex: 0, field: amount, value: undefined });
    expect(broken.invalid).toEqual(['0/instructedAmount/amount']);
    expect(withField(broken, { detailIndex: 0, field: amount, value: '1.00' }).invalid).toEqual([]);
  });

  it('has no part that was taken out, gives it back as it was asked, and keeps the last one', () => {
    const several = cardFor('several-1', 0);
    const asked = several.details.map(({ detail }) => detail);
    if (!amount) throw new Error('no amount');
    const broken = withField(draftOf(several), { detailIndex: 0, field: amount, value: undefined });
    const without = withoutDetail(broken, several, 0);
    expect(without.narrowing.details).toEqual(asked.slice(1));
    expect(without.invalid).toEqual([]);
    const second = withoutDetail(without, several, 2);
    expect(second.narrowing.details).toEqual([asked[1]]);
    expect(withoutDetail(second, several, 1)).toBe(second);
    expect(withoutDetail(without, several, 0).narrowing.details).toEqual(asked);
  });

  it('narrows the part that a field belongs to when another is taken out', () => {
    const several = cardFor('several-1', 0);
    const limit = several.details[1]?.fields.find(({ kind }) => kind === 'limit');
    if (!limit) throw new Error('no limit');
    const next = withField(withoutDetail(draftOf(several), several, 0), { detailIndex: 1, field: limit, value: 7 });
    expect(next.narrowing.details[0]).toMatchObject({ type: 'account_information', entries: 7 });
  });

  it('never adds a member that was not asked for', () => {
    const detail = { type: 'x', list: ['a'] };
    expect(withMember(detail, '/other', 1)).toEqual(detail);
    expect(withMember(detail, '/__proto__/polluted', 1)).toEqual(detail);
    expect(withMember(detail, '/list/5', 'b')).toEqual(detail);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('reads pointers as RFC 6901 spells them', () => {
    expect(withMember({ type: 'x', 'a/b': { 'c~d': 1 } }, '/a~1b/c~0d', 2)).toEqual({ type: 'x', 'a/b': { 'c~d': 2 } });
  });

  it('keeps choices in the order in which they were asked', () => {
    expect(toggled(['a', 'b', 'c'], ['a', 'c'], 'b')).toEqual(['a', 'b', 'c']);
    expect(toggled(['a', 'b', 'c'], ['a', 'b', 'c'], 'a')).toEqual(['b', 'c']);
    expect(toggled(['a'], ['a'], 'z')).toEqual(['a']);
  });
});
