import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Detail, detailTypeOf, knownDetailTypes, parseDetails, publishedType } from '../../src/details/details.ts';

const sentence = (detail: Detail): string =>
  detailTypeOf(detail)
    .sentence(detail)
    .map((part) => part.text)
    .join('');
const ours = (name: string, members: Readonly<Record<string, unknown>>): Detail => ({
  type: `app.counterfoil.${name}`,
  ...members,
});

test.each([
  [ours('http-call', { actions: ['GET'], paths: ['/documents/*'] }), 'Send GET requests to /documents/*', 'low'],
  [ours('http-call', { actions: ['GET'], paths: ['/documents/**'] }), 'Send GET requests to /documents/**', 'medium'],
  [ours('http-call', { actions: ['GET', 'HEAD'], paths: ['/**'] }), 'Send GET and HEAD requests, to /**', 'medium'],
  [ours('http-call', { actions: ['GET', 'DELETE'], paths: ['/a'] }), 'Send GET and DELETE requests, to /a', 'high'],
  [
    ours('file-access', { actions: ['list', 'read'], paths: ['/a/**', '/b/*', '/c.txt'] }),
    'List and read files: everything in /a, what lies directly in /b and /c.txt',
    'low',
  ],
  [ours('file-access', { actions: ['read'], paths: ['/**'] }), 'Read files: everything', 'medium'],
  [
    ours('file-access', { actions: ['read'], paths: ['/*', '/*/**'] }),
    'Read files: what lies in the top folder and everything in /*',
    'medium',
  ],
  [ours('file-access', { actions: ['write'], paths: ['/a'] }), 'Write files: /a', 'medium'],
  [ours('file-access', { actions: ['delete'], paths: ['/a'] }), 'Delete files: /a', 'high'],
  [ours('repository', { actions: ['read_code'], repositories: ['acme/api'] }), 'Read code in acme/api', 'low'],
  [
    ours('repository', { actions: ['write_code', 'read_code'], repositories: ['acme/api'], refs: ['heads/main'] }),
    'Read code and change code in acme/api, only heads/main',
    'medium',
  ],
  [
    ours('repository', { actions: ['delete_refs'], repositories: ['acme/api'], refs: ['tags/v2.1.0-rc.3'] }),
    'Delete branches and tags in acme/api, only tags/v2.1.0-rc.3',
    'high',
  ],
  [ours('mail', { actions: ['read'], folders: ['Inbox'] }), 'Read messages in Inbox', 'medium'],
  [ours('mail', { actions: ['send'], recipients: ['@acme.example'] }), 'Send messages in all your mail, to @acme.example', 'high'],
  [
    ours('calendar', {
      actions: ['read_events'],
      calendars: ['Work', 'Home'],
      from: '2026-11-23T00:00:00Z',
      until: '2026-11-30T00:00:00Z',
    }),
    'Read events in Work and Home, from 2026-11-23 00:00 UTC until 2026-11-30 00:00 UTC',
    'low',
  ],
  [
    ours('calendar', { actions: ['create_events'], until: '2026-11-30T00:00:07Z' }),
    'Add events in all your calendars, until 2026-11-30 00:00:07 UTC',
    'medium',
  ],
  [
    ours('mcp-tool-call', { server: 'https://mcp.mail.example/mcp', tools: ['send_email'] }),
    'Use the tool send_email of mcp.mail.example',
    'high',
  ],
  [
    ours('mcp-tool-call', { server: 'https://mcp.mail.example/mcp', tools: ['send_email'], arguments: { to: ['ada'] } }),
    'Use the tool send_email of mcp.mail.example',
    'medium',
  ],
  [
    ours('passkey-use', { relyingParty: 'shop.example', account: 'ada' }),
    'Sign in at shop.example as ada with your passkey',
    'high',
  ],
  [
    ours('credential-use', { credential: 'Build key', origins: ['https://build.example'] }),
    'Use your credential “Build key” at https://build.example',
    'high',
  ],
  [
    { type: 'account_information', access: { balances: [], transactions: [{ iban: 'DE02100100109307118603' }] } },
    'Read the balances and transactions of all your accounts',
    'low',
  ],
  [
    { type: 'account_information', access: { balances: [{ iban: 'DE02100100109307118603' }] } },
    'Read the balances of account DE02100100109307118603',
    'low',
  ],
] as const)('%j is said in plain words, with its risk', (detail, words, risk) => {
  expect(parseDetails([detail])).toEqual([detail]);
  expect(sentence(detail)).toBe(words);
  expect(detailTypeOf(detail).risk(detail).level).toBe(risk);
});

test('the examples of RFC 9396, sections 2 and 3, are read, with their locations and rights', () => {
  const examples = [
    {
      type: 'payment_initiation',
      actions: ['initiate', 'status', 'cancel'],
      locations: ['https://example.com/payments'],
      instructedAmount: { currency: 'EUR', amount: '123.50' },
      creditorName: 'Merchant A',
      creditorAccount: { iban: 'DE02100100109307118603' },
      remittanceInformationUnstructured: 'Ref Number Merchant',
    },
    {
      type: 'account_information',
      actions: ['list_accounts', 'read_balances', 'read_transactions'],
      locations: ['https://example.com/accounts'],
    },
    { type: 'account_information', access: { accounts: [], balances: [], transactions: [] }, recurringIndicator: true },
  ];
  expect(parseDetails(examples)).toEqual(examples);
  expect(sentence(examples[0]!)).toBe('Pay €123.50 to Merchant A, and see its status and cancel it');
});

describe('what belongs to no detail of ours', () => {
  test.each([
    ['a wildcard inside a segment', ours('http-call', { actions: ['GET'], paths: ['/a*'] })],
    ['** before the end', ours('http-call', { actions: ['GET'], paths: ['/**/a'] })],
    ['a path that begins nowhere', ours('http-call', { actions: ['GET'], paths: ['a'] })],
    ['an empty segment', ours('http-call', { actions: ['GET'], paths: ['/a//b'] })],
    ['a trailing slash', ours('http-call', { actions: ['GET'], paths: ['/a/'] })],
    ['a dot segment', ours('http-call', { actions: ['GET'], paths: ['/a/../b'] })],
    ['a query in a path', ours('http-call', { actions: ['GET'], paths: ['/a?b'] })],
    ['lower-case encoding', ours('http-call', { actions: ['GET'], paths: ['/a%2fb'] })],
    ['another method', ours('http-call', { actions: ['TRACE'], paths: ['/a'] })],
    ['a body larger than any', ours('http-call', { actions: ['POST'], paths: ['/a'], maxBodyBytes: 2_000_000 })],
    ['a limit that is a text', ours('http-call', { actions: ['POST'], paths: ['/a'], maxBodyBytes: '20' })],
    ['a hidden character in a file name', ours('file-access', { actions: ['read'], paths: ['/a\u202Eb'] })],
    ['a backslash in a file name', ours('file-access', { actions: ['read'], paths: ['/a\\b'] })],
    ['a repository without owner', ours('repository', { actions: ['read_code'], repositories: ['api'] })],
    ['a branch by another name', ours('repository', { actions: ['read_code'], repositories: ['a/b'], refs: ['main'] })],
    ['two addresses in one', ours('mail', { actions: ['send'], recipients: ['a@b.example,c@d.example'] })],
    ['a day without an instant', ours('calendar', { actions: ['read_events'], from: '2026-11-23' })],
    ['a day that does not exist', ours('calendar', { actions: ['read_events'], from: '2026-02-30T00:00:00Z' })],
    ['an instant in another zone', ours('calendar', { actions: ['read_events'], from: '2026-11-23T00:00:00+01:00' })],
    [
      'an end before the beginning',
      ours('calendar', { actions: ['read_events'], from: '2026-11-24T00:00:00Z', until: '2026-11-23T00:00:00Z' }),
    ],
    ['a server in another spelling', ours('mcp-tool-call', { server: 'https://MCP.example', tools: ['a'] })],
    ['this machine as relying party (security rule 6)', ours('passkey-use', { relyingParty: 'cf-1.localhost' })],
    ['a bare name as relying party (security rule 6)', ours('passkey-use', { relyingParty: 'localhost' })],
    ['a plain http origin for a credential', ours('credential-use', { credential: 'a', origins: ['http://a.example'] })],
    ['an origin with a path', ours('credential-use', { credential: 'a', origins: ['https://a.example/x'] })],
  ])('%s is refused', (_what, detail) => {
    expect(() => parseDetails([detail])).toThrow(expect.objectContaining({ code: 'details_invalid' }));
  });
});

test.each(knownDetailTypes())('%s is published with a schema that its example satisfies, and that knows every member', (name) => {
  const { schema, example, type } = publishedType(name)!;
  expect(type).toBe(name);
  expect(parseDetails([example])).toEqual([example]);
  const read = z.fromJSONSchema(schema);
  expect(read.safeParse(example).success).toBe(true);
  expect(read.safeParse({ ...example, unheardOf: true }).success).toBe(false);
  expect(read.safeParse({ ...example, type: 'other' }).success).toBe(false);
});

test('names of our own cannot collide with those of others (RFC 9396, section 2.1)', () => {
  const fromTheStandard = ['account_information', 'payment_initiation'];
  for (const name of knownDetailTypes())
    expect(fromTheStandard.includes(name) || /^app\.counterfoil\.[a-z-]+$/.test(name)).toBe(true);
});
