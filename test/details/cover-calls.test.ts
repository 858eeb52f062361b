import { describe, expect, test } from 'vitest';
import { type CallFacts, coversCall } from '../../src/details/details.ts';
import { accounts, get, order, pay, payment, post } from './samples.ts';

const one = (action: string, identifier?: string) => ({
  type: 'account_information',
  actions: [action],
  ...(identifier === undefined ? {} : { identifier }),
});

describe('which call a detail covers', () => {
  test.each([
    [get('/accounts'), one('list_accounts')],
    [get('/stream'), one('list_accounts')],
    [get('/accounts/acc-1/balances'), one('read_balances')],
    [get('/accounts/acc-1/transactions'), one('read_transactions')],
    [get('/accounts/acc-1/transactions'), one('read_transactions', 'acc-1')],
    [get('/accounts'), { ...accounts, locations: ['https://api.example/'] }],
  ])('$path is covered by its action', (call: CallFacts, detail) => {
    expect(coversCall([detail], call)).toEqual({ covered: true, detail });
  });

  test('a payment up to the amount, to the same creditor, with the reference, is covered', () => {
    expect(coversCall([payment], post(order())).covered).toBe(true);
    expect(coversCall([payment], post(order('0.01'))).covered).toBe(true);
  });

  test('the covering detail is one of several, never their union (security rule 7)', () => {
    const small = pay('10.00');
    expect(coversCall([accounts, small, payment], post(order('200.00')))).toEqual({ covered: true, detail: payment });
    const parts = [pay('125.00'), pay('125.00')];
    expect(coversCall(parts, post(order('250.00'))).covered).toBe(false);
    const split = [one('read_balances', 'acc-1'), one('read_transactions', 'acc-2')];
    expect(coversCall(split, get('/accounts/acc-2/balances')).covered).toBe(false);
  });

  test.each([
    ['one cent more', post(order('250.01'))],
    ['another creditor', post({ ...order(), creditorName: 'Someone Else' })],
    ['another account', post({ ...order(), creditorAccount: { iban: 'GB33BUKB20201555555555' } })],
    ['another reference', post({ ...order(), remittanceInformationUnstructured: 'other' })],
    ['no reference', post({ ...order(), remittanceInformationUnstructured: undefined })],
  ])('%s is refused with what would have to be asked', (_what, call) => {
    const answer = coversCall([payment], call);
    expect(answer.covered).toBe(false);
    expect(answer).toMatchObject({ missing: [{ type: 'payment_initiation' }] });
  });

  test.each([
    ['an unknown member', post({ ...order(), urgency: 'now' })],
    ['an amount as a number', post({ ...order(), instructedAmount: { currency: 'EUR', amount: 1 } })],
    ['a body that was not parsed', post('unparsed')],
    ['no body', post(undefined)],
    ['a query', post(order(), { query: new URLSearchParams('dry=1') })],
    ['another method', post(order(), { method: 'PUT' })],
    ['another path', post(order(), { path: '/payments/' })],
    ['a hidden character', post({ ...order(), creditorName: 'Nordwind Office GmbH\u200B' })],
  ])('%s in a payment call is refused and nothing is guessed (security rule 7)', (_what, call) => {
    expect(coversCall([payment], call)).toEqual({ covered: false, missing: [] });
  });

  test.each([
    ['a query', get('/accounts', 'all=1')],
    ['an empty-valued query', get('/accounts', 'x')],
    ['a method that writes', { ...get('/accounts'), method: 'DELETE' }],
    ['HEAD', { ...get('/accounts'), method: 'HEAD' }],
    ['a body on GET', { ...get('/accounts'), body: {} }],
    ['a path below', get('/accounts/acc-1')],
    ['an encoded id', get('/accounts/acc%2D1/balances')],
    ['another path', get('/admin')],
  ])('%s is no known call (security rule 7)', (_what, call) => {
    expect(coversCall([accounts], call)).toEqual({ covered: false, missing: [] });
  });

  test('a call for another account names the account it would need', () => {
    expect(coversCall([one('read_balances', 'acc-1')], get('/accounts/acc-2/balances'))).toEqual({
      covered: false,
      missing: [{ type: 'account_information', actions: ['read_balances'], identifier: 'acc-2' }],
    });
  });

  test('an unknown type covers nothing', () => {
    expect(coversCall([{ type: 'mystery' }], get('/accounts'))).toEqual({ covered: false, missing: [] });
  });
});
