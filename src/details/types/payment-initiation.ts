import { z } from 'zod';
import { composeType } from '../compose-type.ts';
import type { CallFacts } from '../details.ts';
import { exact, type Member, words } from '../members.ts';
import { compareAmounts, formatAmount, isAmount, plainAmount } from '../money.ts';
import { capitalised, joinWords, plain, strong } from '../plain-lists.ts';
import { shownText } from '../schema.ts';

const steps = { initiate: 'make it', status: 'see its status', cancel: 'cancel it' } as const;

interface Money {
  readonly currency: string;
  readonly amount: string;
}

const money: Member<Money> = {
  schema: z
    .strictObject({
      currency: z.string().regex(/^[A-Z]{3}$/, 'is not a currency code'),
      amount: z.string('must be a decimal string, not a number'),
    })
    .refine(({ amount, currency }) => isAmount(amount, currency), {
      path: ['amount'],
      message: 'is not a positive decimal of that currency',
    }),
  within: (child, parent) => child.currency === parent.currency && compareAmounts(child.amount, parent.amount) <= 0,
  canonical: ({ currency, amount }) => ({ currency, amount: plainAmount(amount) }),
  draw: (value) =>
    value === undefined
      ? []
      : [{ at: '/amount', label: 'Amount at most', kind: 'amount', value: value.amount, unit: value.currency, shrinks: true }],
};

const account: Member<{ readonly iban: string }> = {
  schema: z.strictObject({
    iban: z.string().regex(/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/, 'is not an IBAN in capital letters without spaces'),
  }),
  within: (child, parent) => child.iban === parent.iban,
  canonical: ({ iban }) => iban,
  draw: (value) =>
    value === undefined ? [] : [{ at: '/iban', label: 'Account', kind: 'identifier', value: value.iban, shrinks: false }],
};

/** Making one payment. */
export const paymentInitiation = composeType({
  type: 'payment_initiation',
  title: 'Make a payment',
  about: 'Makes one payment, as in RFC 9396, section 2. Without `actions` it is to make it.',
  example: {
    instructedAmount: { currency: 'EUR', amount: '123.50' },
    creditorName: 'Merchant A',
    creditorAccount: { iban: 'DE02100100109307118603' },
    remittanceInformationUnstructured: 'Ref Number Merchant',
  },
  once: true,
  members: {
    instructedAmount: money,
    creditorName: exact({ label: 'To', schema: shownText(140) }),
    creditorAccount: account,
  },
  optional: {
    remittanceInformationUnstructured: exact({ label: 'Reference', schema: shownText(140), any: 'any', openToAll: true }),
    actions: words('May', steps, ['initiate']),
  },
  sentence({ actions: asked = ['initiate'], creditorName, instructedAmount }) {
    const paid = [strong(formatAmount(instructedAmount.amount, instructedAmount.currency)), plain(' to '), strong(creditorName)];
    const more = (['status', 'cancel'] as const).filter((step) => asked.includes(step)).map((step) => steps[step]);
    if (!asked.includes('initiate')) return [strong(capitalised(joinWords(more))), plain(': a payment of '), ...paid];
    return [plain('Pay '), ...paid, ...(more.length === 0 ? [] : [plain(', and '), strong(joinWords(more))])];
  },
  risk: () => ({ level: 'high', reasons: ['It moves money.'] }),
  scopes: ['payments'],
  needs: orderIn,
});

const body = z.strictObject({
  instructedAmount: z.unknown(),
  creditorName: z.unknown(),
  creditorAccount: z.unknown(),
  remittanceInformationUnstructured: z.unknown().optional(),
});

/** The payment order in a call's body; none when the call is not one, or is not fully understood. */
function orderIn(call: CallFacts): readonly Readonly<Record<string, unknown>>[] {
  if (call.method !== 'POST' || call.path !== '/payments' || call.query.size > 0) return [];
  // security: rule 7, a member that is not known refuses the call
  const { success, data } = body.safeParse(call.body);
  return success ? [{ actions: ['initiate'], ...data }] : [];
}
