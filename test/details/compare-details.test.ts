import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWithin } from '../../src/details/compare.ts';
import { actionDigest, canonicalJson, coversDetails, narrows, parseDetails } from '../../src/details/details.ts';
import { compareAmounts, formatAmount } from '../../src/details/money.ts';
import { accounts, anyDetail, pay, payment } from './samples.ts';

describe('one detail within another', () => {
  test('every detail is within itself', () => {
    fc.assert(fc.property(anyDetail, (detail) => isWithin(detail, detail) && coversDetails([detail], [detail])));
  });

  test('what is within something narrower is within the wider', () => {
    fc.assert(
      fc.property(anyDetail, anyDetail, anyDetail, (a, b, c) => !(isWithin(a, b) && isWithin(b, c)) || isWithin(a, c)),
      { numRuns: 5000 },
    );
  });

  test('two details that are within each other have the same effect on every third', () => {
    fc.assert(
      fc.property(anyDetail, anyDetail, anyDetail, (a, b, c) => {
        if (!isWithin(a, b) || !isWithin(b, a)) return true;
        return isWithin(a, c) === isWithin(b, c) && isWithin(c, a) === isWithin(c, b);
      }),
      { numRuns: 5000 },
    );
  });

  test('details together never cover what none of them covers alone', () => {
    fc.assert(
      fc.property(anyDetail, fc.array(anyDetail, { maxLength: 6 }), (child, parents) => {
        return coversDetails([child], parents) === parents.some((parent) => isWithin(child, parent));
      }),
      { numRuns: 2000 },
    );
    const both = { type: 'account_information', actions: ['read_balances', 'read_transactions'] };
    expect(
      coversDetails(
        [both],
        [
          { ...both, actions: ['read_balances'] },
          { ...both, actions: ['read_transactions'] },
        ],
      ),
    ).toBe(false);
  });

  test.each([
    ['a higher amount', pay('250.01')],
    ['another currency', { ...payment, instructedAmount: { currency: 'USD', amount: '1' } }],
    ['another name', pay('1', { creditorName: 'Nordwind' })],
    ['another account', pay('1', { creditorAccount: { iban: 'GB33BUKB20201555555555' } })],
    ['no reference where one was asked', pay('1', { remittanceInformationUnstructured: undefined })],
    ['another type', accounts],
  ])('%s is not within the payment', (_what, child) => {
    expect(coversDetails([child], [payment])).toBe(false);
  });

  test('absent places mean any place', () => {
    const somewhere = { ...accounts, locations: ['https://a.example/'] };
    expect(coversDetails([somewhere], [accounts])).toBe(true);
    expect(coversDetails([accounts], [somewhere])).toBe(false);
  });
});

describe('narrowing', () => {
  test('a lower amount and fewer actions narrow', () => {
    expect(narrows(pay('180.00'), payment)).toBe(true);
    expect(narrows({ ...accounts, actions: ['read_balances'] }, accounts)).toBe(true);
  });

  test.each([
    ['a place that only the provider would check', { ...accounts, locations: ['https://a.example/'] }, accounts],
    ['a reference where any was asked', payment, pay('250.00', { remittanceInformationUnstructured: undefined })],
    ['one account out of all', { ...accounts, actions: ['read_balances'], identifier: 'a' }, accounts],
  ])('%s cannot be narrowed although it is within (security rule 7)', (_what, child, parent) => {
    const [asked] = parseDetails(JSON.parse(JSON.stringify([parent])));
    expect(isWithin(child, asked!)).toBe(true);
    expect(narrows(child, asked!)).toBe(false);
  });

  test('whatever narrows is within', () => {
    fc.assert(
      fc.property(anyDetail, anyDetail, (child, parent) => !narrows(child, parent) || isWithin(child, parent)),
      { numRuns: 3000 },
    );
  });
});

describe('amounts', () => {
  test('are compared exactly, where floating point would not be', () => {
    expect(compareAmounts('0.3', '0.30')).toBe(0);
    expect(compareAmounts('900719925474.993', '900719925474.992')).toBe(1);
    expect(compareAmounts('99.99', '100')).toBe(-1);
    const cents = fc.integer({ min: 1, max: 10_000_000 });
    const text = (value: number) => `${Math.floor(value / 100)}.${String(value % 100).padStart(2, '0')}`;
    fc.assert(fc.property(cents, cents, (a, b) => compareAmounts(text(a), text(b)) === Math.sign(a - b)));
  });

  test('are shown to the last digit', () => {
    expect(formatAmount('180', 'EUR')).toBe('€180.00');
    // Intl alone shows these without their decimals.
    expect(formatAmount('180.49', 'HUF').replaceAll('\u00A0', ' ')).toBe('HUF 180.49');
    expect(formatAmount('0.49', 'COP').replaceAll('\u00A0', ' ')).toBe('COP 0.49');
    expect(formatAmount('900719925474.993', 'KWD').replaceAll('\u00A0', ' ')).toBe('KWD 900,719,925,474.993');
  });
});

describe('canonical JSON, RFC 8785', () => {
  test('the digest does not depend on member order', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([key, inner]) => [key, shuffled(inner)]),
      );
    };
    fc.assert(fc.property(anyDetail, (detail) => actionDigest('asked', detail) === actionDigest('asked', shuffled(detail))));
  });

  test('the digest is lower-case hex and differs by purpose and by every value', () => {
    expect(actionDigest('asked', payment)).toMatch(/^[0-9a-f]{64}$/);
    expect(actionDigest('asked', payment)).not.toBe(actionDigest('granted', payment));
    expect(actionDigest('asked', payment)).not.toBe(actionDigest('asked', pay('250.0')));
  });

  test('keys are sorted and nothing else is added', () => {
    expect(canonicalJson({ b: [1, 'é'], a: null })).toBe('{"a":null,"b":[1,"é"]}');
  });

  test.each([[{ a: Number.NaN }], [undefined], [{ a: '\uD800' }]])('what JSON cannot carry is refused', (value) => {
    expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'details_invalid' }));
  });
});
