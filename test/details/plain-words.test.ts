import { expect, test } from 'vitest';
import { type Detail, detailTypeOf } from '../../src/details/details.ts';
import { accounts, payment } from './samples.ts';

const typeOf = detailTypeOf;
const sentence = (detail: Detail) =>
  typeOf(detail)
    .sentence(detail)
    .map((part) => part.text)
    .join('');

test('a payment is said with its amount and its creditor', () => {
  expect(sentence(payment)).toBe('Pay €250.00 to Nordwind Office GmbH');
  expect(typeOf(payment).risk(payment).level).toBe('high');
  expect(typeOf(payment).once).toBe(true);
  expect(typeOf(payment).scopes()).toEqual(['payments']);
});

test('account information is said with what may be read and of which account', () => {
  expect(sentence(accounts)).toBe('Read the list of accounts, balances and transactions of all your accounts');
  expect(sentence({ type: 'account_information', actions: ['read_balances'], identifier: 'acc-1' })).toBe(
    'Read the balances of account acc-1',
  );
  expect(typeOf(accounts).risk(accounts).level).toBe('low');
  expect(typeOf(accounts).once).toBe(false);
  expect(typeOf(accounts).scopes()).toEqual(['accounts']);
});

test('only fields that somebody enforces can be narrowed (security rule 7)', () => {
  for (const detail of [payment, { ...payment, remittanceInformationUnstructured: undefined }, accounts]) {
    for (const field of typeOf(detail).fields(detail, { upstream: true })) {
      if (field.narrowable) expect(field.enforcedBy).toEqual(['upstream', 'broker']);
      if (field.enforcedBy.includes('none')) expect(field.narrowable).toBe(false);
    }
  }
});

test('the creditor is enforced but not narrowable', () => {
  const fields = typeOf(payment).fields(payment);
  expect(fields.filter((field) => field.narrowable).map((field) => field.pointer)).toEqual(['/instructedAmount/amount']);
});
