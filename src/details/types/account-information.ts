import { z } from 'zod';
import type { CallFacts, Detail, DetailField, DetailType } from '../details.ts';
import { invalid, locations, parseMembers, subsetOf } from '../schema.ts';

const typeName = 'account_information';
const actions = ['list_accounts', 'read_balances', 'read_transactions'] as const;
type Action = (typeof actions)[number];

/** An account id as the API spells it in a path: unreserved characters only, so it has one spelling. */
const accountId = /^[\w.~-]{1,64}$/;

const actionWords: Readonly<Record<Action, string>> = {
  list_accounts: 'list of accounts',
  read_balances: 'balances',
  read_transactions: 'transactions',
};

const schema = z.strictObject({
  type: z.literal(typeName),
  actions: subsetOf(actions),
  locations: locations.optional(),
  identifier: z.string().regex(accountId, 'is not an account id').optional(),
});

interface AccountInformation extends Detail {
  readonly actions: readonly Action[];
  readonly locations?: readonly string[];
  readonly identifier?: string;
}

function parse(input: Readonly<Record<string, unknown>>): AccountInformation {
  const detail = parseMembers(schema, input);
  if (detail.identifier !== undefined && detail.actions.includes('list_accounts')) {
    throw invalid(['actions'], 'asks for the list of all accounts, which does not go together with one account in identifier');
  }
  return detail as AccountInformation;
}

function fields(detail: Detail): readonly DetailField[] {
  const { actions: asked, identifier, locations: places } = parse(detail);
  const enforcedBy = ['upstream', 'broker'] as const;
  const account = identifier ?? 'every account';
  return [
    {
      pointer: '/actions',
      label: 'May read',
      kind: 'choices',
      value: asked,
      enforcedBy,
      narrowable: asked.length > 1,
      choiceLabels: actionWords,
    },
    { pointer: '/identifier', label: 'Account', kind: 'identifier', value: account, enforcedBy, narrowable: false },
    ...(places
      ? [
          {
            pointer: '/locations',
            label: 'Only at',
            kind: 'text',
            value: places,
            enforcedBy: ['upstream'],
            narrowable: false,
          } as const,
        ]
      : []),
  ];
}

function within(childDetail: Detail, parentDetail: Detail): boolean {
  const child = childDetail as AccountInformation;
  const parent = parentDetail as AccountInformation;
  if (!child.actions.every((action) => parent.actions.includes(action))) return false;
  if (parent.identifier !== undefined && child.identifier !== parent.identifier) return false;
  return withinLocations(child.locations, parent.locations);
}

/** Absent means any location. */
export function withinLocations(child: readonly string[] | undefined, parent: readonly string[] | undefined): boolean {
  if (!parent) return true;
  return child?.every((place) => parent.includes(place)) ?? false;
}

/** What a call needs, as a detail; `undefined` when it is none of this type's business. */
function neededFor(call: CallFacts): AccountInformation | undefined {
  if (call.method !== 'GET' || call.body !== undefined || call.query.size > 0) return undefined;
  if (call.path === '/accounts' || call.path === '/stream') return { type: typeName, actions: ['list_accounts'] };
  const [, identifier = '', part = ''] = /^\/accounts\/([^/]+)\/(balances|transactions)$/.exec(call.path) ?? [];
  if (!accountId.test(identifier)) return undefined;
  return { type: typeName, actions: [part === 'balances' ? 'read_balances' : 'read_transactions'], identifier };
}

function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Reading accounts, balances and transactions at a bank. */
export const accountInformation: DetailType = {
  type: typeName,
  title: 'Read account information',
  once: false,
  parse,
  sentence(detail) {
    const { actions: asked, identifier } = parse(detail);
    const what = joinWords(actions.filter((action) => asked.includes(action)).map((action) => actionWords[action]));
    const ofWhich = identifier === undefined ? 'all your accounts' : `account ${identifier}`;
    return [{ text: 'Read the ' }, { text: what, strong: true }, { text: ' of ' }, { text: ofWhich, strong: true }];
  },
  lead: (_detail, where) => [{ text: 'at ' }, { text: where, strong: true }, { text: ', as you' }],
  risk: () => ({ level: 'low', reasons: [] }),
  fields,
  within,
  scopes: () => ['accounts'],
  covers(detail, call) {
    const needed = neededFor(call);
    if (!needed) return { covered: false, foreign: true };
    const granted = parse(detail);
    // A place is judged by the provider, in the token; the call itself has no place to compare.
    const asked = granted.locations ? { ...needed, locations: granted.locations } : needed;
    return within(asked, granted) ? { covered: true } : { covered: false, foreign: false, missing: needed };
  },
};
