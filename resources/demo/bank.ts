/**
 * What the Demo Bank is: names that its servers agree on, and the `authorization_details` types it knows.
 * The bank has its own idea of the types, as any provider would: it takes nothing from the product.
 */
import {
  type FileAccess,
  fileAccessFault,
  fileAccessType,
  type HttpCall,
  httpCallFault,
  httpCallType,
  isFileAccessWithin,
  isHttpCallWithin,
} from './documents.ts';
import { isListOf, isRecord, unknownMember } from './read-json.ts';

export const authorizationServerPort = 7420;
export const apiPort = 7421;
export const clientId = 'counterfoil';
export const apiClientId = 'demo-bank-api';
export const accountId = 'ada';
export const scopes = ['accounts', 'payments', 'documents', 'api'] as const;
export const detailTypes = ['account_information', 'payment_initiation', fileAccessType, httpCallType];
/** The most that one payment by an agent may be: part of what the person consents to at sign-in. */
export const paymentCeiling = { currency: 'EUR', amount: '1000.00' };

export const accountActions = ['list_accounts', 'read_balances', 'read_transactions'] as const;
export type AccountAction = (typeof accountActions)[number];

export interface AccountInformation {
  readonly type: 'account_information';
  readonly actions: readonly string[];
  readonly locations?: readonly string[];
  readonly identifier?: string;
}

export interface PaymentInitiation {
  readonly type: 'payment_initiation';
  readonly actions?: readonly string[];
  readonly locations?: readonly string[];
  readonly instructedAmount: { readonly currency: string; readonly amount: string };
  readonly creditorName: string;
  readonly creditorAccount: { readonly iban: string };
  readonly remittanceInformationUnstructured?: string;
}

export type BankDetail = AccountInformation | PaymentInitiation | FileAccess | HttpCall;

/** Says what is wrong with a detail, or nothing. Unknown members are wrong (RFC 9396, section 5). */
export function findDetailFault(detail: unknown, indicator: string): string | undefined {
  if (!isRecord(detail)) return 'must be an object';
  if (detail.locations !== undefined && !isListOf(detail.locations, [indicator])) return 'locations';
  if (detail.type === 'account_information') return accountInformationFault(detail);
  if (detail.type === 'payment_initiation') return paymentInitiationFault(detail);
  if (detail.type === fileAccessType) return fileAccessFault(detail);
  if (detail.type === httpCallType) return httpCallFault(detail);
  return 'type';
}

function accountInformationFault(detail: Readonly<Record<string, unknown>>): string | undefined {
  const unknown = unknownMember(detail, ['type', 'actions', 'locations', 'identifier']);
  if (unknown !== undefined) return unknown;
  if (!isListOf(detail.actions, accountActions)) return 'actions';
  if (detail.identifier !== undefined && !isText(detail.identifier)) return 'identifier';
  return undefined;
}

const paymentMembers = [
  'type',
  'actions',
  'locations',
  'instructedAmount',
  'creditorName',
  'creditorAccount',
  'remittanceInformationUnstructured',
];

function paymentInitiationFault(detail: Readonly<Record<string, unknown>>): string | undefined {
  const unknown = unknownMember(detail, paymentMembers);
  if (unknown !== undefined) return unknown;
  if (detail.actions !== undefined && !isListOf(detail.actions, ['initiate'])) return 'actions';
  return paymentFault(detail);
}

/** What a payment order must contain, wherever it comes from. */
export function paymentFault(order: Readonly<Record<string, unknown>>): string | undefined {
  const { instructedAmount, creditorAccount } = order;
  if (!isRecord(instructedAmount) || unknownMember(instructedAmount, ['currency', 'amount'])) return 'instructedAmount';
  if (typeof instructedAmount.currency !== 'string' || !/^[A-Z]{3}$/.test(instructedAmount.currency)) return 'currency';
  if (typeof instructedAmount.amount !== 'string' || cents(instructedAmount.amount) === undefined) return 'amount';
  if (!isText(order.creditorName)) return 'creditorName';
  if (!isRecord(creditorAccount) || unknownMember(creditorAccount, ['iban']) || !isText(creditorAccount.iban))
    return 'creditorAccount';
  const remittance = order.remittanceInformationUnstructured;
  return remittance === undefined || isText(remittance) ? undefined : 'remittanceInformationUnstructured';
}

/** The scope that a detail belongs to. */
export function scopeOf({ type }: BankDetail): (typeof scopes)[number] {
  switch (type) {
    case 'account_information':
      return 'accounts';
    case 'payment_initiation':
      return 'payments';
    case fileAccessType:
      return 'documents';
    case httpCallType:
      return 'api';
  }
}

/** True when everything that `child` allows, `parent` allows too. Both are without fault. */
export function isWithin(child: BankDetail, parent: BankDetail): boolean {
  if (parent.locations && !child.locations) return false;
  if (child.type === 'account_information' && parent.type === 'account_information') {
    return (
      child.actions.every((action) => parent.actions.includes(action)) &&
      (parent.identifier === undefined || parent.identifier === child.identifier)
    );
  }
  if (child.type === fileAccessType && parent.type === fileAccessType) return isFileAccessWithin(child, parent);
  if (child.type === httpCallType && parent.type === httpCallType) return isHttpCallWithin(child, parent);
  return false;
}

/** Compares decimal strings as whole cents. `undefined` for anything else than a positive amount with at most two places. */
export function cents(amount: string): bigint | undefined {
  const match = /^(0|[1-9]\d{0,11})(?:\.(\d{1,2}))?$/.exec(amount);
  if (!match) return undefined;
  const value = BigInt(match[1] ?? '0') * 100n + BigInt((match[2] ?? '').padEnd(2, '0'));
  return value > 0n ? value : undefined;
}

/** True when `amount` is in the ceiling's currency and not above it. */
export function isAtMost(amount: PaymentInitiation['instructedAmount'], ceiling: PaymentInitiation['instructedAmount']): boolean {
  const asked = cents(amount.amount);
  const most = cents(ceiling.amount);
  return amount.currency === ceiling.currency && asked !== undefined && most !== undefined && asked <= most;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 140;
}
