/** CIBA Core 1.0, RFC 9396 and RFC 8707: what an agent asks for. */
import { type Case, cases } from './case.ts';
import { all, headers, method, params, path, proofClaims, twice } from './draft.ts';
import { ask, call, poll, refresh } from './world.ts';

const details = (...list: readonly unknown[]) => params({ authorization_details: JSON.stringify(list) });
const account = (more: Readonly<Record<string, unknown>>) =>
  details({ type: 'account_information', actions: ['list_accounts'], ...more });
const payment = (more: Readonly<Record<string, unknown>>) =>
  all(
    params({ scope: 'openid payments' }),
    details({
      type: 'payment_initiation',
      actions: ['initiate'],
      instructedAmount: { currency: 'EUR', amount: '1.00' },
      creditorName: 'A',
      creditorAccount: { iban: 'DE02120300000000202051' },
      ...more,
    }),
  );
const amount = (value: unknown, currency: unknown = 'EUR') => payment({ instructedAmount: { currency, amount: value } });
const message = (binding_message: string) => params({ binding_message });
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

const invalidDetails = '400 invalid_authorization_details';
const invalidRequest = '400 invalid_request';
const invalidTarget = '400 invalid_target';
const invalidMessage = '400 invalid_binding_message';

export const cibaRequests: readonly Case[] = [
  ...cases('CIBA Core 1.0, 7.1', ask, [
    ['no scope', params({ scope: undefined }), invalidRequest],
    ['scope without openid', params({ scope: 'accounts' }), '400 invalid_(request|scope)'],
    ['a scope of nobody', params({ scope: 'openid root' }), '400 invalid_scope'],
    ['a scope that no detail needs', params({ scope: 'openid accounts payments' }), '400 invalid_scope'],
    ['a scope in forbidden characters', params({ scope: 'openid "accounts"' }), '400 invalid_scope'],
    ['no hint', params({ login_hint: undefined }), invalidRequest],
    ['an empty hint', params({ login_hint: '' }), invalidRequest],
    ['two hints', params({ login_hint_token: 'x' }), invalidRequest],
    ['all three hints', params({ login_hint_token: 'x', id_token_hint: 'y' }), invalidRequest],
    ['the hint of somebody else', params({ login_hint: 'alice' }), '400 unknown_user_id'],
    ['the hint in capitals', params({ login_hint: 'ME' }), '400 unknown_user_id'],
    ['a hint token', params({ login_hint: undefined, login_hint_token: 'a.b.c' }), '400 unknown_user_id'],
    [
      'an ID token as hint that is none',
      params({ login_hint: undefined, id_token_hint: 'a.b.c' }),
      '400 (unknown_user_id|invalid_request)',
    ],
    ['no lifetime left', params({ requested_expiry: '0' }), invalidRequest],
    ['a lifetime below zero', params({ requested_expiry: '-1' }), invalidRequest],
    ['a lifetime with a fraction', params({ requested_expiry: '1.5' }), invalidRequest],
    ['a lifetime in words', params({ requested_expiry: 'soon' }), invalidRequest],
    ['a lifetime beyond numbers', params({ requested_expiry: '9007199254740993' }), invalidRequest],
    [
      'a request by reference',
      params({ request_uri: 'https://agent.example/request' }),
      '400 (request_uri_not_supported|invalid_request)',
    ],
  ]),
  ...cases('CIBA Core 1.0, 13', ask, [
    ['a message of two lines', message('one\ntwo'), invalidMessage],
    ['a message with a carriage return', message('one\rtwo'), invalidMessage],
    ['a message with a tab', message('one\ttwo'), invalidMessage],
    ['a message with a bell', message('one\u0007two'), invalidMessage],
    ['a message with an escape', message('\u001b[2Jclean'), invalidMessage],
    ['a message read from right to left', message('abc\u202edef'), invalidMessage],
    ['a message with an isolate', message('abc\u2066def'), invalidMessage],
    ['a message with a zero-width space', message('abc\u200bdef'), invalidMessage],
    ['a message with a line separator', message('abc\u2028def'), invalidMessage],
    ['a message with a byte order mark', message('\ufeffabc'), invalidMessage],
    ['a message of 201 characters', message('a'.repeat(201)), invalidMessage],
    ['a message of ten kilobytes', message('a'.repeat(10_000)), invalidMessage],
  ]),
  ...cases(
    'RFC 6749, 3.1 (in CIBA Core 1.0, 7.1)',
    ask,
    (
      ['scope', 'login_hint', 'authorization_details', 'binding_message', 'requested_expiry', 'acr_values', 'user_code'] as const
    ).map((name) => [`${name} twice`, twice(name), invalidRequest]),
  ),
];

export const richRequests: readonly Case[] = [
  ...cases('RFC 9396, 2', ask, [
    ['no details', params({ authorization_details: undefined }), invalidDetails],
    ['empty details', params({ authorization_details: '' }), invalidDetails],
    ['an empty list', details(), invalidDetails],
    ['an object', params({ authorization_details: '{"type":"account_information"}' }), invalidDetails],
    ['JSON that breaks off', params({ authorization_details: '[{"type":' }), invalidDetails],
    ['a list of text', details('account_information'), invalidDetails],
    ['a list of lists', details([]), invalidDetails],
    ['null in the list', details(null), invalidDetails],
    ['encoded twice', params({ authorization_details: JSON.stringify('[{"type":"account_information"}]') }), invalidDetails],
    ['no type', details({ actions: ['list_accounts'] }), invalidDetails],
    ['type as a number', details({ type: 1 }), invalidDetails],
    ['type as a list', details({ type: ['account_information'] }), invalidDetails],
    [
      'a member that stands twice',
      params({ authorization_details: '[{"type":"account_information","actions":["list_accounts"],"actions":["read_balances"]}]' }),
      invalidDetails,
    ],
    [
      'a name that belongs to every object',
      params({ authorization_details: '[{"type":"account_information","actions":["list_accounts"],"__proto__":{}}]' }),
      invalidDetails,
    ],
  ]),
  ...cases('RFC 9396, 5', ask, [
    ['a type of nobody', details({ type: 'open_the_door' }), invalidDetails],
    ['a type in capitals', details({ type: 'ACCOUNT_INFORMATION' }), invalidDetails],
    ['a type with a space', details({ type: 'account_information ' }), invalidDetails],
    ['a type called constructor', details({ type: 'constructor' }), invalidDetails],
    [
      'one good and one unknown',
      details({ type: 'account_information', actions: ['list_accounts'] }, { type: 'x' }),
      invalidDetails,
    ],
    ['an unknown member', account({ limit: 1 }), invalidDetails],
    ['an unknown action', account({ actions: ['delete_accounts'] }), invalidDetails],
    ['an action twice', account({ actions: ['list_accounts', 'list_accounts', 'delete'] }), invalidDetails],
    ['no action', account({ actions: [] }), invalidDetails],
    ['actions as text', account({ actions: 'list_accounts' }), invalidDetails],
    ['actions that are numbers', account({ actions: [1] }), invalidDetails],
    ['an identifier as a number', account({ identifier: 1 }), invalidDetails],
    ['an identifier as a list', account({ identifier: ['main'] }), invalidDetails],
    ['locations as text', account({ locations: 'https://a.example/' }), invalidDetails],
    ['nested fifty deep', account({ identifier: nested(50) }), invalidDetails],
    ['an identifier of twenty kilobytes', account({ identifier: 'x'.repeat(20_000) }), invalidDetails],
    [
      'two hundred details',
      details(...Array.from({ length: 200 }, () => ({ type: 'account_information', actions: ['list_accounts'] }))),
      invalidDetails,
    ],
    ['a payment with its amount as a number', amount(1), invalidDetails],
    ['a payment of nothing', amount('0.00'), invalidDetails],
    ['a payment below nothing', amount('-1.00'), invalidDetails],
    ['a payment with an exponent', amount('1e3'), invalidDetails],
    ['a payment with a comma', amount('1,00'), invalidDetails],
    ['a payment with a plus sign', amount('+1.00'), invalidDetails],
    ['a payment with a space', amount(' 1.00'), invalidDetails],
    ['a payment in Arabic digits', amount('\u0661.00'), invalidDetails],
    ['a payment of a fraction of a cent', amount('1.001'), invalidDetails],
    ['a payment without a currency', amount('1.00', null), invalidDetails],
    ['a payment in a currency of nobody', amount('1.00', 'euro'), invalidDetails],
    ['a payment to nobody', payment({ creditorName: undefined }), invalidDetails],
    ['a payment to an empty name', payment({ creditorName: '' }), invalidDetails],
    ['a payment to no account', payment({ creditorAccount: undefined }), invalidDetails],
    ['a payment to an account that cannot be one', payment({ creditorAccount: { iban: 'x' } }), invalidDetails],
    ['a payment with an unknown member', payment({ urgency: 'high' }), invalidDetails],
    ['a payment to a name read from right to left', payment({ creditorName: 'abc\u202edef' }), invalidDetails],
  ]),
  ...cases('RFC 9396, 6', refresh, [
    [
      'more actions than were granted',
      {
        by: (world) =>
          all(params({ resource: `${world.issuer}/proxy/demo` }), account({ actions: ['list_accounts', 'read_balances'] })),
      },
      invalidDetails,
    ],
    [
      'another type than was granted',
      { by: (world) => all(params({ resource: `${world.issuer}/proxy/demo` }), payment({}), params({ scope: undefined })) },
      invalidDetails,
    ],
    [
      'a type of nobody',
      { by: (world) => all(params({ resource: `${world.issuer}/proxy/demo` }), details({ type: 'x' })) },
      invalidDetails,
    ],
    ['no list', { by: (world) => params({ resource: `${world.issuer}/proxy/demo`, authorization_details: '{}' }) }, invalidDetails],
  ]),
];

/** The first valid poll pins its key to the request, whatever it asks for. */
const pinned = ['approvals', 'grants', 'receipts'];

export const resources: readonly Case[] = [
  ...cases('RFC 8707, 2', ask, [
    ['no resource', params({ resource: undefined }), invalidTarget],
    ['an empty resource', params({ resource: '' }), invalidTarget],
    ['a resource of nobody', { by: (world) => params({ resource: `${world.issuer}/proxy/nobody` }) }, invalidTarget],
    ['a resource elsewhere', params({ resource: 'https://api.example/' }), invalidTarget],
    ['a resource with a fragment', { by: (world) => params({ resource: `${world.issuer}/proxy/demo#x` }) }, invalidTarget],
    ['a resource with a query', { by: (world) => params({ resource: `${world.issuer}/proxy/demo?x` }) }, invalidTarget],
    ['a resource with a slash more', { by: (world) => params({ resource: `${world.issuer}/proxy/demo/` }) }, invalidTarget],
    ['a resource below one', { by: (world) => params({ resource: `${world.issuer}/proxy/demo/accounts` }) }, invalidTarget],
    ['a resource in another spelling', { by: (world) => params({ resource: `${world.issuer}/proxy/%64emo` }) }, invalidTarget],
    [
      'a resource by the name localhost',
      { by: (world) => params({ resource: `${world.issuer.replace('127.0.0.1', 'localhost')}/proxy/demo` }) },
      invalidTarget,
    ],
    ['a resource on another port', params({ resource: 'http://127.0.0.1:1/proxy/demo' }), invalidTarget],
    ['a relative resource', params({ resource: '/proxy/demo' }), invalidTarget],
    [
      'two resources',
      { by: (world) => params({ resource: [`${world.issuer}/proxy/demo`, `${world.issuer}/proxy/other`] }) },
      invalidTarget,
    ],
  ]),
  ...cases('RFC 8707, 2.2', refresh, [
    ['another resource than was granted', { by: (world) => params({ resource: `${world.issuer}/proxy/nobody` }) }, invalidTarget],
    ['a resource elsewhere', params({ resource: 'https://api.example/' }), invalidTarget],
  ]),
  ...cases('RFC 8707, 2.2', poll, [
    [
      'another resource than was granted',
      { by: (world) => params({ resource: `${world.issuer}/proxy/nobody` }) },
      invalidTarget,
      pinned,
    ],
  ]),
];

const elsewhere = (url: string) => (world: { readonly issuer: string }) =>
  all(path(url), proofClaims({ htu: `${world.issuer}${url.split('?')[0] ?? ''}` }));
/** A token that was used once is not given again (RFC 9449 proves who used it). */
const firstUse = ['server_payloads'];
const problem = (code: string): string => `4\\d\\d \\w+ .*"code":"${code}".*`;

export const calls: readonly Case[] = [
  ...cases('RFC 9396, 9', call, [
    [
      'a path that the grant does not cover',
      { by: elsewhere('/proxy/demo/accounts/main/transactions') },
      '403 insufficient_authorization_details .*"required_details":\\[.*',
      firstUse,
    ],
    ['a path of nothing', { by: elsewhere('/proxy/demo/nothing') }, problem('call_not_covered'), firstUse],
    [
      'a query that the grant does not cover',
      { by: elsewhere('/proxy/demo/accounts?all=1') },
      problem('call_not_covered'),
      firstUse,
    ],
    [
      'a method that the grant does not cover',
      { by: () => all(method('DELETE'), proofClaims({ htm: 'DELETE' })) },
      problem('call_not_covered'),
      firstUse,
    ],
  ]),
  ...cases('RFC 8707, 2 (at the resource)', call, [
    ['a token for another resource', { by: elsewhere('/proxy/other/accounts') }, '401 invalid_token'],
  ]),
  ...cases('RFC 9112, 3.2', call, [
    ['an encoded slash (security rule 26)', { by: elsewhere('/proxy/demo%2faccounts') }, '404 invalid_target'],
    ['a dot segment (security rule 26)', { by: elsewhere('/proxy/demo/x/../accounts') }, '400 invalid_request'],
    ['an encoded dot segment (security rule 26)', { by: elsewhere('/proxy/demo/%2e%2e/accounts') }, '400 invalid_request'],
    ['an empty segment (security rule 26)', { by: elsewhere('/proxy/demo//accounts') }, '400 invalid_request'],
    ['an encoded NUL (security rule 26)', { by: elsewhere('/proxy/demo/accounts%00') }, '400 invalid_request'],
    ['a backslash (security rule 26)', { by: elsewhere('/proxy/demo/accounts%5c') }, '400 invalid_request'],
  ]),
  ...cases('RFC 6750, 2.3', call, [
    [
      'the token in the query',
      (draft) =>
        all(
          path(`${draft.path}?access_token=${String(draft.headers[0]?.[1]).slice(5)}`),
          headers({ Authorization: undefined }),
        )(draft),
      '401 invalid_request',
    ],
    ['no token', headers({ Authorization: undefined }), '401 invalid_request'],
  ]),
];
