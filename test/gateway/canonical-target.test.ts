import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { as, type GatewayBench, newGrant, openGateway, problem, send } from './open-gateway.ts';

let bench: GatewayBench;
beforeAll(async () => {
  bench = await openGateway();
});
afterAll(() => bench.stop());

describe('a path has one spelling (security rule 26)', () => {
  test.each([
    ['an encoded slash', '/proxy/demo/accounts%2Fmain'],
    ['an encoded backslash', '/proxy/demo/accounts%5Cmain'],
    ['an encoded NUL', '/proxy/demo/accounts%00'],
    ['an encoded line break', '/proxy/demo/accounts%0D%0AX:1'],
    ['an encoded DEL', '/proxy/demo/accounts%7F'],
    ['a dot segment', '/proxy/demo/./accounts'],
    ['a double dot segment', '/proxy/demo/x/../accounts'],
    ['an encoded dot segment', '/proxy/demo/%2E%2E/accounts'],
    ['a half encoded dot segment', '/proxy/demo/.%2e/accounts'],
    ['an empty segment', '/proxy/demo//accounts'],
    ['a slash at the end', '/proxy/demo/accounts/'],
    ['an encoded letter', '/proxy/demo/%61ccounts'],
    ['lower-case digits', '/proxy/demo/accounts%c3%a4'],
    ['half an encoding', '/proxy/demo/accounts%C'],
    ['an overlong slash', '/proxy/demo/accounts%C0%AFmain'],
    ['an encoding that is not UTF-8', '/proxy/demo/accounts%FF'],
    ['a backslash', '/proxy/demo/accounts\\main'],
    ['a fragment', '/proxy/demo/accounts#x'],
    ['a query that is too long', `/proxy/demo/accounts?${'x'.repeat(5000)}`],
  ])('%s is refused', async (_what, path) => {
    const answer = await send(bench, { path, headers: as(newGrant(bench)) });
    expect(problem(answer)).toMatchObject({ status: 400, code: 'target_refused' });
    expect(bench.seen).toEqual([]);
  });

  test('raw non-ASCII is refused', async () => {
    const answer = await send(bench, { path: '/proxy/demo/accounts/\u00e4', headers: as(newGrant(bench)) });
    expect(answer.status).toBe(400);
    expect(bench.seen).toEqual([]);
  });

  test.each([
    ['absolute form', 'http://127.0.0.1/proxy/demo/accounts', 'target_refused'],
    ['authority confusion', '//evil.example/proxy/demo/accounts', 'target_refused'],
    ['an unknown kind of resource', '/proxy/DEMO/accounts', 'resource_unknown'],
    ['another resource', '/proxy/other/accounts', 'resource_unknown'],
  ])('%s is refused', async (_what, path, error) => {
    const answer = await send(bench, { path, headers: as(newGrant(bench)) });
    expect([400, 404]).toContain(answer.status);
    expect([error, 'not_found']).toContain(problem(answer).code);
    expect(bench.seen).toEqual([]);
  });
});
