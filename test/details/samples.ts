import fc from 'fast-check';
import type { CallFacts, Detail } from '../../src/details/details.ts';

export const accounts: Detail = { type: 'account_information', actions: ['list_accounts', 'read_balances', 'read_transactions'] };

export const payment: Detail = {
  type: 'payment_initiation',
  actions: ['initiate'],
  instructedAmount: { currency: 'EUR', amount: '250.00' },
  creditorName: 'Nordwind Office GmbH',
  creditorAccount: { iban: 'DE02100100109307118603' },
  remittanceInformationUnstructured: 'Invoice 2026-1187',
};

export function pay(amount: string, more: Readonly<Record<string, unknown>> = {}): Detail {
  return { ...payment, instructedAmount: { currency: 'EUR', amount }, ...more };
}

export function get(path: string, query = ''): CallFacts {
  return { method: 'GET', path, query: new URLSearchParams(query), body: undefined };
}

export function post(body: unknown, more: Partial<CallFacts> = {}): CallFacts {
  return { method: 'POST', path: '/payments', query: new URLSearchParams(), body, ...more };
}

/** The body of a payment call that {@link payment} covers. */
export function order(amount = '250.00'): Record<string, unknown> {
  const { creditorName, creditorAccount, remittanceInformationUnstructured } = payment;
  return { instructedAmount: { currency: 'EUR', amount }, creditorName, creditorAccount, remittanceInformationUnstructured };
}

const place = fc.subarray(['https://a.example/', 'https://b.example/', 'https://c.example/'], { minLength: 1 });

const accountDetail = fc
  .record(
    {
      actions: fc.subarray(['read_balances', 'read_transactions'], { minLength: 1 }),
      identifier: fc.constantFrom('acc-1', 'acc-2'),
      locations: place,
    },
    { requiredKeys: ['actions'] },
  )
  .map((members): Detail => ({ type: 'account_information', ...members }));

const paymentDetail = fc
  .record(
    {
      instructedAmount: fc.record({
        currency: fc.constantFrom('EUR', 'KWD'),
        amount: fc
          .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 99 }))
          .map(([whole, cents]) => `${whole}.${String(cents).padStart(2, '0')}`),
      }),
      creditorName: fc.constantFrom('A', 'B'),
      creditorAccount: fc.constantFrom({ iban: 'DE02100100109307118603' }, { iban: 'GB33BUKB20201555555555' }),
      remittanceInformationUnstructured: fc.constantFrom('one', 'two'),
      locations: place,
    },
    { requiredKeys: ['instructedAmount', 'creditorName', 'creditorAccount'] },
  )
  .map((members): Detail => ({ type: 'payment_initiation', ...members }));

/** Any well-formed detail of a known type, from a small world so that comparisons often hold. */
export const anyDetail: fc.Arbitrary<Detail> = fc.oneof(accountDetail, paymentDetail);
