import { z } from 'zod';
import { composeType } from '../compose-type.ts';
import type { CallFacts } from '../details.ts';
import { exact, type Member, words } from '../members.ts';
import { plain, strong, wordsOf } from '../plain-lists.ts';
import { invalid } from '../schema.ts';

const readable = { list_accounts: 'list of accounts', read_balances: 'balances', read_transactions: 'transactions' } as const;

/** The rights of `access`, in the order of the actions that allow the same of every account. */
const rights = { accounts: 'list_accounts', balances: 'read_balances', transactions: 'read_transactions' } as const;
type Right = keyof typeof rights;
const rightNames = Object.keys(rights) as Right[];

/** An account id as the API spells it in a path: unreserved characters only, so it has one spelling. */
const accountId = /^[\w.~-]{1,64}$/;
const iban = z.strictObject({
  iban: z.string().regex(/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/, 'is not an IBAN in capital letters without spaces'),
});
const ibans = z
  .array(iban)
  .max(16, 'has more than 16 entries')
  .refine((list) => new Set(list.map((one) => one.iban)).size === list.length, 'names an account twice');

type Access = Readonly<Partial<Record<Right, readonly { readonly iban: string }[]>>>;

/** RFC 9396, section 2: each right with the accounts that it is about; none named means every account. */
const access: Member<Access> = {
  schema: z
    .strictObject({ accounts: ibans.optional(), balances: ibans.optional(), transactions: ibans.optional() })
    .refine((value) => Object.keys(value).length > 0, 'is empty') as z.ZodType<Access>,
  means: {},
  within: (child, parent) =>
    rightNames.every((right) => {
      const inner = child[right];
      const outer = parent[right];
      if (inner === undefined) return true;
      if (outer === undefined) return false;
      return outer.length === 0 || (inner.length > 0 && inner.every((one) => outer.some((other) => other.iban === one.iban)));
    }),
  canonical: (value) =>
    Object.fromEntries(
      rightNames.flatMap((right) => (value[right] ? [[right, value[right].map((one) => one.iban).toSorted()]] : [])),
    ),
  draw: (value = {}) =>
    rightNames.flatMap((right) => {
      const accounts = value[right];
      if (accounts === undefined) return [];
      const label = `May read: ${readable[rights[right]]}`;
      const shown = accounts.length === 0 ? 'of every account' : accounts.map((one) => one.iban);
      return [
        { at: `/${right}`, label, kind: accounts.length === 0 ? 'text' : 'identifier', value: shown, shrinks: false } as const,
      ];
    }),
};

const recurring: Member<boolean> = {
  schema: z.boolean(),
  means: false,
  within: (child, parent) => !child || parent,
  canonical: (value) => value,
  // Every call is looked at, none is counted.
  draw: (value) =>
    value === undefined
      ? []
      : [{ label: 'Again and again', kind: 'text', value: value ? 'yes' : 'no', shrinks: false, heldBy: ['upstream'] }],
};

/** Reading accounts, balances and transactions at a bank. */
export const accountInformation = composeType({
  type: 'account_information',
  title: 'Read account information',
  about:
    'Reads accounts of a bank. Either `actions`, for every account or for the one in `identifier`, or `access` as in RFC 9396, section 2.',
  example: { actions: ['list_accounts', 'read_balances'] },
  members: {},
  optional: {
    actions: words('May read', readable, []),
    access,
    recurringIndicator: recurring,
    identifier: exact({
      label: 'Account',
      schema: z.string().regex(accountId, 'is not an account id'),
      any: 'every account',
      kind: 'identifier',
    }),
  },
  check({ actions: asked, access: rightsAsked, identifier }) {
    if ((asked === undefined) === (rightsAsked === undefined)) throw invalid(['actions'], 'or access must be there, and not both');
    if (identifier === undefined) return;
    if (rightsAsked) throw invalid(['identifier'], 'does not go together with access, which names its accounts itself');
    if (asked?.includes('list_accounts'))
      throw invalid(['actions'], 'asks for the list of all accounts, which does not go together with one account in identifier');
  },
  sentence({ actions: asked = [], access: rightsAsked, identifier }) {
    const wanted = rightsAsked ? rightNames.filter((right) => rightsAsked[right]).map((right) => rights[right]) : asked;
    return [plain('Read the '), strong(wordsOf(readable, wanted)), plain(' of '), strong(ofWhich(identifier, rightsAsked))];
  },
  risk: () => ({ level: 'low', reasons: [] }),
  scopes: ['accounts'],
  needs: neededFor,
});

function ofWhich(identifier: string | undefined, asked: Access = {}): string {
  if (identifier !== undefined) return `account ${identifier}`;
  const lists = Object.values(asked);
  if (lists.length === 0 || lists.some((list) => list.length === 0)) return 'all your accounts';
  const named = new Set(lists.flatMap((list) => list.map((one) => one.iban)));
  return named.size === 1 ? `account ${[...named].join('')}` : `${named.size} of your accounts`;
}

/** What a call needs, by `actions` or by `access`; a call names accounts by id, so one IBAN covers none. */
function neededFor(call: CallFacts): readonly Readonly<Record<string, unknown>>[] {
  if (call.method !== 'GET' || call.body !== undefined || call.query.size > 0) return [];
  if (call.path === '/accounts' || call.path === '/stream') return [{ actions: ['list_accounts'] }, { access: { accounts: [] } }];
  const [, identifier = '', part = ''] = /^\/accounts\/([^/]+)\/(balances|transactions)$/.exec(call.path) ?? [];
  if (!accountId.test(identifier)) return [];
  const right = part === 'balances' ? 'balances' : 'transactions';
  return [
    { actions: [rights[right]], identifier },
    { access: { [right]: [] }, identifier },
  ];
}
