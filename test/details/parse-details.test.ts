import { describe, expect, test } from 'vitest';
import { isRefusal, type Refusal } from '../../src/base/errors.ts';
import { knownDetailTypes, parseDetails, parseDetailsText } from '../../src/details/details.ts';
import { accounts, pay, payment } from './samples.ts';

function refusalOf(read: () => unknown): Refusal {
  try {
    read();
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('authorization details, RFC 9396 section 5', () => {
  test('known types are read as sent', () => {
    expect(parseDetails([accounts, payment])).toEqual([accounts, payment]);
    expect(knownDetailTypes()).toEqual([...new Set(knownDetailTypes())]);
    expect(knownDetailTypes()).toHaveLength(10);
  });

  test('a type that is not known is refused with the types that are', () => {
    const refusal = refusalOf(() => parseDetails([accounts, { type: 'open_the_door' }]));
    expect(refusal.code).toBe('details_unknown_type');
    expect(refusal.hint).toContain('/1/type');
    expect(refusal.hint).toContain('payment_initiation');
  });

  test.each([
    ['an object instead of an array', payment],
    ['a string', 'payment_initiation'],
    ['nothing', []],
    ['33 objects', Array.from({ length: 33 }, () => accounts)],
    ['an array inside the array', [[accounts]]],
    ['null inside', [null]],
    ['a missing type', [{ actions: ['list_accounts'] }]],
    ['a type that is inherited only', [Object.create({ type: 'account_information' })]],
    ['more than 16 KiB', [{ ...payment, creditorName: 'n'.repeat(17_000) }]],
    ['more than six levels', [{ ...payment, a: { b: { c: { d: { e: 1 } } } } }]],
  ])('%s is refused', (_what, input) => {
    expect(refusalOf(() => parseDetails(input)).code).toBe('details_invalid');
  });

  test.each([
    ['/0/urgency', { ...payment, urgency: 'now' }],
    ['/0/instructedAmount/rate', { ...payment, instructedAmount: { currency: 'EUR', amount: '1', rate: 1 } }],
    ['/0/creditorAccount/bic', { ...payment, creditorAccount: { iban: 'DE02100100109307118603', bic: 'X' } }],
    ['/0/datatypes', { ...accounts, datatypes: ['x'] }],
    ['/0/actions/0', { ...accounts, actions: ['close_account'] }],
    ['/0/actions', { ...accounts, actions: [] }],
    ['/0/actions', { ...accounts, actions: ['read_balances', 'read_balances'] }],
    ['/0/actions', { ...accounts, identifier: 'acc-1' }],
    ['/0/actions', { type: 'account_information' }],
    ['/0/actions', { ...accounts, access: { balances: [] } }],
    ['/0/access', { type: 'account_information', access: {} }],
    ['/0/access/cards', { type: 'account_information', access: { cards: [] } }],
    ['/0/identifier', { type: 'account_information', access: { balances: [] }, identifier: 'main' }],
    ['/0/recurringIndicator', { ...accounts, recurringIndicator: 'yes' }],
    ['/0/creditorName', { ...payment, creditorName: 'Cafe\u0301' }],
    ['/0/identifier', { ...accounts, actions: ['read_balances'], identifier: '../x' }],
    ['/0/instructedAmount/amount', { ...payment, instructedAmount: { currency: 'EUR', amount: 250 } }],
    ['/0/instructedAmount/currency', { ...payment, instructedAmount: { currency: 'eur', amount: '250' } }],
    ['/0/creditorAccount/iban', { ...payment, creditorAccount: { iban: 'DE02 1001' } }],
    ['/0/creditorName', { ...payment, creditorName: undefined }],
    ['/0/creditorName', { ...payment, creditorName: '' }],
    ['/0/locations', { ...accounts, locations: [] }],
  ])('%s is named when it is wrong, and no value is repeated', (pointer, detail) => {
    const refusal = refusalOf(() => parseDetails([detail]));
    expect(refusal.code).toBe('details_invalid');
    expect(refusal.hint).toMatch(new RegExp(`^${pointer} `));
  });

  test('a member with an unusual name is refused without repeating the name', () => {
    const refusal = refusalOf(() => parseDetails([{ ...payment, '<b>now</b>': 1 }]));
    expect(refusal.hint).not.toContain('<b>');
  });

  test('a __proto__ member is an unknown member', () => {
    const text = JSON.stringify([payment]).replace('{', '{"__proto__":{"amount":"1"},');
    expect(refusalOf(() => parseDetailsText(text)).code).toBe('details_invalid');
  });

  test.each(['\u202Egnp', 'a\u0000b', 'line\nbreak', 'zero\u200Bwidth', '\u2066iso', 'tail ', '\uD800', 'esc\u001B[31m', '\u3164'])(
    'text with characters that do not show is refused: %j',
    (creditorName) => {
      expect(refusalOf(() => parseDetails([{ ...payment, creditorName }])).code).toBe('details_invalid');
    },
  );

  test.each(['0', '0.00', '-1', '1.234', '1,00', '01', '1e3', '+1', ' 1', '1.', '.5', 'NaN', '1234567890123'])(
    'the amount %j is not an amount of euros',
    (amount) => {
      expect(refusalOf(() => parseDetails([pay(amount)])).code).toBe('details_invalid');
    },
  );

  test('an amount has as many decimals as its currency', () => {
    const inCurrency = (currency: string, amount: string) => ({ ...payment, instructedAmount: { currency, amount } });
    expect(parseDetails([inCurrency('KWD', '1.234'), inCurrency('JPY', '180'), inCurrency('EUR', '0.5')])).toHaveLength(3);
    expect(refusalOf(() => parseDetails([inCurrency('JPY', '1.5')])).code).toBe('details_invalid');
  });
});

describe('authorization details as text', () => {
  test('text is read like the parsed value', () => {
    expect(parseDetailsText(JSON.stringify([payment]))).toEqual([payment]);
  });

  test.each([
    '[{"type":"account_information","actions":["list_accounts"],"actions":["read_balances"]}]',
    '[{"type":"payment_initiation","instructedAmount":{"currency":"EUR","amount":"1","\\u0061mount":"900"},"creditorName":"A","creditorAccount":{"iban":"DE02100100109307118603"}}]',
    '[{"type":"app.counterfoil.mcp-tool-call","server":"https://m.example/","tools":["send"],"arguments":{"__pr\\u006fto__":["a"]}}]',
  ])('a key that stands twice is refused, however it is spelled', (text) => {
    const refusal = refusalOf(() => parseDetailsText(text));
    expect(refusal.code).toBe('details_invalid');
    expect(refusal.hint).toContain('stands twice');
  });

  test('equal keys in different objects, and keys inside strings, are not duplicates', () => {
    const text = JSON.stringify([
      { ...payment, creditorName: '{"a":1,"a":2}' },
      { ...payment, creditorName: 'quote " and \\ backslash' },
    ]);
    expect(parseDetailsText(text)).toHaveLength(2);
  });

  test.each(['', 'null', '{}', '[', '[{"type":}]', '"[]"'])('%j is refused', (text) => {
    expect(refusalOf(() => parseDetailsText(text)).code).toBe('details_invalid');
  });
});
