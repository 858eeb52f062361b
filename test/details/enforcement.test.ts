import { describe, expect, test } from 'vitest';
import {
  bindToResource,
  coversCall,
  type Detail,
  detailTypeOf,
  narrows,
  parseDetails,
  parseDetailsText,
  scopesNeededBy,
} from '../../src/details/details.ts';
import { terms } from './any-detail.ts';
import { accounts, get, post } from './samples.ts';

const files: Detail = { type: 'app.counterfoil.file-access', actions: ['read', 'write'], paths: ['/a/**'] };
const calls: Detail = {
  type: 'app.counterfoil.http-call',
  actions: ['GET', 'POST'],
  paths: ['/notes'],
  query: ['page'],
  maxBodyBytes: 100,
};

describe('who holds the agent to a detail (security rule 7)', () => {
  const held = (detail: Detail, at: Parameters<ReturnType<typeof detailTypeOf>['fields']>[1]) => [
    ...new Set(
      detailTypeOf(detail)
        .fields(detail, at)
        .flatMap((field) => field.enforcedBy),
    ),
  ];

  test('Counterfoil holds it to plain HTTP calls everywhere', () => {
    expect(held(calls, undefined)).toEqual(['broker']);
  });

  test('it holds it to files only where the resource says which calls are which', () => {
    expect(held(files, terms[files.type])).toEqual(['broker']);
    expect(held(files, undefined)).toEqual(['none']);
    expect(held(files, { upstream: true })).toEqual(['upstream']);
  });

  test('what nobody holds it to cannot be narrowed, and can be where the resource enforces it', () => {
    const narrower = { ...files, actions: ['read'] };
    expect(narrows(narrower, files)).toBe(false);
    expect(narrows(narrower, files, terms[files.type])).toBe(true);
  });

  test('how often an account is read is for the provider alone to hold it to', () => {
    const detail = { ...accounts, recurringIndicator: true };
    const field = detailTypeOf(detail)
      .fields(detail)
      .find(({ pointer }) => pointer === '/recurringIndicator');
    expect(field?.enforcedBy).toEqual(['none']);
  });

  test('the scopes of a detail are those of the resource', () => {
    expect(scopesNeededBy([accounts, files], { [files.type]: { scopes: ['documents'] } })).toEqual(['accounts', 'documents']);
  });
});

describe('an HTTP call', () => {
  const call = (more: object) => ({ ...post({ text: 'x' }), path: '/notes', bodyBytes: 12, ...more });

  test('is covered by method, path, query and size of the body', () => {
    expect(coversCall([calls], call({})).covered).toBe(true);
    expect(coversCall([calls], { ...get('/notes'), query: new URLSearchParams('page=2') }).covered).toBe(true);
  });

  test.each([
    ['another method', call({ method: 'PUT' })],
    ['another path', call({ path: '/notes/1' })],
    ['an unknown query', call({ query: new URLSearchParams('page=1&all=1') })],
    ['a body that is one byte too long', call({ bodyBytes: 101 })],
    ['a body whose size is not known', call({ bodyBytes: undefined })],
  ])('%s is refused, with what it would need (security rule 7)', (_what, wanted) => {
    expect(coversCall([calls], wanted).covered).toBe(false);
  });

  test('without a limit there is no body, not even an empty one', () => {
    const bodiless = { ...calls, maxBodyBytes: undefined };
    expect(coversCall([bodiless], call({ bodyBytes: 0 })).covered).toBe(false);
  });
});

describe('rules of a resource', () => {
  test.each([
    ['a star as a file name', get('/files/a/*')],
    ['two stars', get('/files/a/**')],
    ['a query that the rule does not know', get('/files/a/b', 'version=1')],
    ['a body where the rule has none', { ...get('/files/a/b'), body: {} }],
    ['a hidden character in a name', get('/files/a/%E2%80%AEb')],
  ])('%s is no known call (security rule 7)', (_what, call) => {
    expect(coversCall([{ ...files, paths: ['/**'] }], call, terms)).toEqual({ covered: false, missing: [] });
  });

  test('a member that the rule does not see refuses the call, because nobody could hold it to that', () => {
    const mail: Detail = { type: 'app.counterfoil.mail', actions: ['send'] };
    const sending = { ...post({}), path: '/send' };
    expect(coversCall([mail], sending, terms).covered).toBe(true);
    expect(coversCall([{ ...mail, recipients: ['@acme.example'] }], sending, terms).covered).toBe(false);
  });

  test('a query parameter that stands twice is no known call', () => {
    const repository: Detail = {
      type: 'app.counterfoil.repository',
      actions: ['read_code'],
      repositories: ['acme/api'],
      refs: ['heads/main'],
    };
    const contents = (query: string) => coversCall([repository], get('/repos/acme/api/contents', query), terms).covered;
    expect(contents('ref=heads%2Fmain')).toBe(true);
    expect(contents('ref=heads%2Fmain&ref=heads%2Fother')).toBe(false);
    expect(contents('')).toBe(false);
  });
});

describe('a tool call', () => {
  const allowed: Detail = {
    type: 'app.counterfoil.mcp-tool-call',
    server: 'https://mcp.example/mcp',
    tools: ['send'],
    arguments: { to: ['ada', 1] },
  };
  const using = (params: object, more: object = {}) =>
    coversCall([allowed], { ...post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params, ...more }), path: '/mcp' }, terms)
      .covered;

  test('is covered with an argument that is listed, or without any', () => {
    expect(using({ name: 'send', arguments: { to: 'ada' } })).toBe(true);
    expect(using({ name: 'send', arguments: { to: 1 } })).toBe(true);
    expect(using({ name: 'send' })).toBe(true);
  });

  test.each([
    ['another value', { name: 'send', arguments: { to: 'eve' } }],
    ['a value of another kind', { name: 'send', arguments: { to: '1' } }],
    ['an argument more', { name: 'send', arguments: { to: 'ada', bcc: 'eve' } }],
    ['a value that is an object', { name: 'send', arguments: { to: { toString: 'ada' } } }],
    ['another tool', { name: 'delete', arguments: { to: 'ada' } }],
    ['a member more', { name: 'send', arguments: { to: 'ada' }, _meta: {} }],
  ])('%s is refused (security rule 7)', (_what, params) => {
    expect(using(params)).toBe(false);
  });

  test('another method of the protocol is refused', () => {
    expect(using({ name: 'send' }, { method: 'resources/read' })).toBe(false);
  });
});

describe('a type that is not known', () => {
  const mystery = { type: 'example.open-door', deep: { er: [{ still: { true: null } }] }, 'odd\u202Ename': 'x'.repeat(10_000) };

  test('is refused unless it was allowed (security rule 2)', () => {
    expect(() => parseDetails([mystery])).toThrow(expect.objectContaining({ code: 'details_unknown_type' }));
  });

  test('is kept whole where it was allowed, and covers no call (security rule 7)', () => {
    expect(parseDetails([mystery], 'accept')).toEqual([mystery]);
    expect(detailTypeOf(mystery).risk(mystery).level).toBe('high');
    for (const path of ['/', '/accounts', '/mcp'])
      expect(coversCall([mystery], get(path), terms)).toEqual({ covered: false, missing: [] });
  });

  test('is within its equal only, whatever the order of its members', () => {
    expect(narrows({ b: 1, a: 2, type: 'x' }, { type: 'x', a: 2, b: 1 }, { upstream: true })).toBe(true);
    expect(narrows({ type: 'x', a: 2 }, { type: 'x', a: 2, b: 1 }, { upstream: true })).toBe(false);
  });

  test.each([
    ['a number that readers would read differently', '[{"type":"x","n":9007199254740993}]'],
    ['a number beyond all', '[{"type":"x","n":1e999}]'],
    ['half a character', '[{"type":"x","n":"\\ud800"}]'],
    ['a hidden character in its name', '[{"type":"x\\u202e"}]'],
    ['a name that goes on and on', `[{"type":"${'x'.repeat(201)}"}]`],
    ['a key that stands twice', '[{"type":"x","a":1,"a":2}]'],
    ['too deep', '[{"type":"x","a":{"b":{"c":{"d":{"e":{"f":1}}}}}}]'],
    ['too long', `[{"type":"x","a":"${'x'.repeat(17_000)}"}]`],
  ])('%s is refused all the same', (_what, text) => {
    expect(() => parseDetailsText(text, 'accept')).toThrow(expect.objectContaining({ code: 'details_invalid' }));
  });
});

describe('locations (RFC 9396, section 2.2)', () => {
  const names = ['https://api.example', 'http://127.0.0.1:7417/proxy/bank'];
  const bind = (locations: unknown) => bindToResource({ ...accounts, locations }, 'https://api.example', names)['locations'];

  test('a detail without them stays without them', () => {
    expect(bindToResource(accounts, 'https://api.example', names)).toEqual(accounts);
  });

  test.each([
    ['https://api.example'],
    ['https://api.example/'],
    ['HTTPS://API.example:443/'],
    ['http://127.0.0.1:7417/proxy/bank'],
  ])('%s is the resource, and gets one spelling', (place) => {
    expect(bind([place])).toEqual(['https://api.example']);
  });

  test('other places are left out where the resource is among them', () => {
    expect(bind(['https://other.example', 'https://api.example/'])).toEqual(['https://api.example']);
  });

  test.each([
    'https://api.example/accounts',
    'https://api.example.evil.example',
    'http://api.example',
    'https://user@api.example/',
    'api.example',
    '',
  ])('%j is another place, and refused', (place) => {
    expect(() => bind([place])).toThrow(expect.objectContaining({ code: 'details_invalid' }));
  });
});
