import { describe, expect, it } from 'vitest';
import { draftOf, firstLifetime, lifetimeLadder, toggled, withField, withMember } from '../../renderer/features/inbox/draft.ts';
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
