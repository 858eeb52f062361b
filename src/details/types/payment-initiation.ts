import { z } from 'zod';
import type { CallFacts, Detail, DetailField, DetailType } from '../details.ts';
import { compareAmounts, formatAmount, isAmount } from '../money.ts';
import { locations, parseMembers, shownText, subsetOf } from '../schema.ts';
import { withinLocations } from './account-information.ts';

const typeName = 'payment_initiation';

const instructedAmount = z
  .strictObject({
    currency: z.string().regex(/^[A-Z]{3}$/, 'is not a currency code'),
    amount: z.string('must be a decimal string, not a number'),
  })
  .refine(({ amount, currency }) => isAmount(amount, currency), {
    path: ['amount'],
    message: 'is not a positive decimal of that currency',
  });

const order = {
  instructedAmount,
  creditorName: shownText(140),
  creditorAccount: z.strictObject({
    iban: z.string().regex(/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/, 'is not an IBAN in capital letters without spaces'),
  }),
  remittanceInformationUnstructured: shownText(140).optional(),
};

const schema = z.strictObject({
  type: z.literal(typeName),
  actions: subsetOf(['initiate']).optional(),
  locations: locations.optional(),
  ...order,
});

const body = z.strictObject(order);
type Order = z.infer<typeof body>;

interface PaymentInitiation extends Detail, Order {
  readonly actions?: readonly 'initiate'[];
  readonly locations?: readonly string[];
}

function parse(input: Readonly<Record<string, unknown>>): PaymentInitiation {
  return parseMembers(schema, input) as PaymentInitiation;
}

function fields(detail: Detail): readonly DetailField[] {
  const payment = parse(detail);
  const { amount, currency } = payment.instructedAmount;
  const enforcedBy = ['upstream', 'broker'] as const;
  const remittance = payment.remittanceInformationUnstructured;
  return [
    {
      pointer: '/instructedAmount/amount',
      label: 'Amount at most',
      kind: 'amount',
      value: amount,
      unit: currency,
      enforcedBy,
      narrowable: true,
    },
    { pointer: '/creditorName', label: 'To', kind: 'text', value: payment.creditorName, enforcedBy, narrowable: false },
    {
      pointer: '/creditorAccount/iban',
      label: 'Account',
      kind: 'identifier',
      value: payment.creditorAccount.iban,
      enforcedBy,
      narrowable: false,
    },
    ...(remittance === undefined
      ? [
          {
            pointer: '/remittanceInformationUnstructured',
            label: 'Reference',
            kind: 'text',
            value: 'any',
            enforcedBy: ['none'],
            narrowable: false,
          } as const,
        ]
      : [
          {
            pointer: '/remittanceInformationUnstructured',
            label: 'Reference',
            kind: 'text',
            value: remittance,
            enforcedBy,
            narrowable: false,
          } as const,
        ]),
    ...(payment.locations
      ? [
          {
            pointer: '/locations',
            label: 'Only at',
            kind: 'text',
            value: payment.locations,
            enforcedBy: ['upstream'],
            narrowable: false,
          } as const,
        ]
      : []),
  ];
}

function orderWithin(child: Order, parent: Order): boolean {
  if (child.instructedAmount.currency !== parent.instructedAmount.currency) return false;
  if (compareAmounts(child.instructedAmount.amount, parent.instructedAmount.amount) > 0) return false;
  if (child.creditorName !== parent.creditorName || child.creditorAccount.iban !== parent.creditorAccount.iban) return false;
  const reference = parent.remittanceInformationUnstructured;
  return reference === undefined || child.remittanceInformationUnstructured === reference;
}

function within(childDetail: Detail, parentDetail: Detail): boolean {
  const child = childDetail as PaymentInitiation;
  const parent = parentDetail as PaymentInitiation;
  return orderWithin(child, parent) && withinLocations(child.locations, parent.locations);
}

/** The payment order in a call's body; `undefined` when the call is not one, or is not fully understood. */
function orderIn(call: CallFacts): Order | undefined {
  if (call.method !== 'POST' || call.path !== '/payments' || call.query.size > 0) return undefined;
  // security: rule 7, a member that is not known refuses the call
  return body.safeParse(call.body).data;
}

/** Making one payment. */
export const paymentInitiation: DetailType = {
  type: typeName,
  title: 'Make a payment',
  once: true,
  parse,
  sentence(detail) {
    const { creditorName, instructedAmount: money } = parse(detail);
    return [
      { text: 'Pay ' },
      { text: formatAmount(money.amount, money.currency), strong: true },
      { text: ' to ' },
      { text: creditorName, strong: true },
    ];
  },
  lead: (_detail, where) => [{ text: 'at ' }, { text: where, strong: true }, { text: ', as you, once' }],
  risk: () => ({ level: 'high', reasons: ['It moves money.'] }),
  fields,
  within,
  scopes: () => ['payments'],
  covers(detail, call) {
    const wanted = orderIn(call);
    if (!wanted) return { covered: false, foreign: true };
    if (orderWithin(wanted, parse(detail))) return { covered: true };
    return { covered: false, foreign: false, missing: { type: typeName, actions: ['initiate'], ...wanted } };
  },
};
