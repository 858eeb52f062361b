import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAmountInput } from '../../renderer/features/inbox/money.ts';

const parse = (typed: string, asked = '250.00', currency = 'EUR') => parseAmountInput(typed, asked, currency);

describe('a typed amount', () => {
  it('is sent with the decimals that were asked with', () => {
    expect(parse('180')).toEqual({ ok: true, amount: '180.00', lowered: true });
    expect(parse('180.5')).toEqual({ ok: true, amount: '180.50', lowered: true });
    expect(parse(' 0180,50 ')).toEqual({ ok: true, amount: '180.50', lowered: true });
    expect(parse('99', '250', 'JPY')).toEqual({ ok: true, amount: '99', lowered: true });
  });

  it('that equals what was asked is sent exactly as asked', () => {
    expect(parse('250')).toEqual({ ok: true, amount: '250.00', lowered: false });
    expect(parse('250.0', '250', 'EUR')).toEqual({ ok: true, amount: '250', lowered: false });
  });

  it('is never more than what was asked', () => {
    expect(parse('250.01')).toEqual({ ok: false, why: 'more' });
    expect(parse('999999999999')).toEqual({ ok: false, why: 'more' });
  });

  it('is never nothing', () => {
    expect(parse('0')).toEqual({ ok: false, why: 'zero' });
    expect(parse('0.00')).toEqual({ ok: false, why: 'zero' });
  });

  it('with grouped digits is refused rather than guessed at', () => {
    expect(parse('1.800', '2000.00')).toEqual({ ok: false, why: 'tooMany' });
    expect(parse('1,800', '2000.00')).toEqual({ ok: false, why: 'tooMany' });
    expect(parse('1,800.00', '2000.00')).toEqual({ ok: false, why: 'form' });
    expect(parse('1 800', '2000.00')).toEqual({ ok: false, why: 'form' });
  });

  it.each(['', '-1', '+1', '1e2', '0x10', '١٢', '.5', '5.', 'NaN', '1'.repeat(13)])('%j is not an amount', (typed) => {
    expect(parse(typed)).toEqual({ ok: false, why: 'form' });
  });

  it('has no decimals in a currency that has none', () => {
    expect(parse('1.5', '250', 'JPY')).toEqual({ ok: false, why: 'tooMany' });
  });

  it('is exact where floating point is not', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 13n), fc.bigInt(1n, 10n ** 13n), (typed, asked) => {
        const money = (cents: bigint) => `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
        const result = parse(money(typed), money(asked));
        if (typed > asked) expect(result).toEqual({ ok: false, why: 'more' });
        else expect(result).toEqual({ ok: true, amount: money(typed), lowered: typed < asked });
      }),
      { numRuns: 500 },
    );
  });
});
