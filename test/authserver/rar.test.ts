import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accounts, payment } from '../details/samples.ts';
import { granted } from './support/granted.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { Answer, StockAgent } from './support/stock-agent.ts';
import { question, registerAgent } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
});

afterEach(() => door.close());

const ask = (parameters: Readonly<Record<string, string | readonly string[]>>): Promise<Answer> =>
  agent.post('/bc-authorize', { ...question(agent.resource), ...parameters });
const details = (value: unknown) => ({ authorization_details: JSON.stringify(value) });

describe('RAR, RFC 9396 section 5: what is refused', () => {
  test.each([
    ['text that is no JSON', { authorization_details: '[{' }],
    ['an object instead of an array', details(accounts)],
    ['an empty array', details([])],
    ['an array of text', details(['account_information'])],
    ['an object without type', details([{ actions: ['read_balances'] }])],
    ['an unknown type', details([{ type: 'root_access' }])],
    ['an unknown member', details([{ ...accounts, everything: true }])],
    ['a member of the wrong type', details([{ ...accounts, actions: 'read_balances' }])],
    ['a value outside the allowed set', details([{ ...accounts, actions: ['delete_accounts'] }])],
    ['a missing member', details([{ ...payment, creditorName: undefined }])],
    ['money as a number', details([{ ...payment, instructedAmount: { currency: 'EUR', amount: 5 } }])],
    [
      'a key that stands twice',
      { authorization_details: '[{"type":"account_information","actions":["read_balances"],"actions":["read_transactions"]}]' },
    ],
    ['more than 32 objects', details(Array.from({ length: 33 }, () => accounts))],
    ['nothing at all', { authorization_details: '' }],
    ['one good and one bad object', details([accounts, { type: 'root_access' }])],
  ])('%s', async (_what, parameters) => {
    const answer = await ask(parameters);
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_authorization_details']);
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('twice the parameter', async () => {
    const text = JSON.stringify([accounts]);
    expect((await ask({ authorization_details: [text, text] })).body['error']).toBe('invalid_request');
  });

  test('a type that the agent did not register', async () => {
    const reader = await registerAgent(door.issuer, { authorization_details_types: ['account_information'] });
    const answer = await reader.post('/bc-authorize', { ...question(agent.resource), ...details([payment]) });
    expect(answer.body['error']).toBe('invalid_authorization_details');
  });

  test('a type of another resource, with those of this one as a hint', async () => {
    const answer = await ask({ resource: `${door.issuer}/proxy/archive`, scope: 'openid', ...details([payment]) });
    expect(answer.body).toMatchObject({
      error: 'invalid_authorization_details',
      hint: expect.stringContaining('account_information') as string,
    });
  });

  test('a value of the agent is not repeated in the answer', async () => {
    const answer = await ask(details([{ type: 'secret-canary', 'member-canary': 'value-canary' }]));
    expect(JSON.stringify(answer.body)).not.toMatch(/secret-canary|value-canary/);
  });
});

describe('RAR, RFC 9396 section 2.2: locations', () => {
  const at = (...locations: string[]) => details([{ ...accounts, locations }]);

  test('that name another place are refused', async () => {
    for (const place of ['https://other.example/', `${door.issuer}/proxy/archive`, `${agent.resource}/accounts`]) {
      const answer = await ask(at(place));
      expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_authorization_details']);
    }
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('that name this resource, here or at the provider, become the one spelling that its token will have', async () => {
    for (const places of [[agent.resource], ['http://127.0.0.1:7421'], ['https://other.example/', 'http://127.0.0.1:7421/']]) {
      await ask(at(...places));
      const approval = door.onlyPending();
      expect(approval.details).toEqual([{ ...accounts, locations: ['http://127.0.0.1:7421/'] }]);
      door.approvals.deny(approval.id);
    }
  });
});

describe('RAR: a type that is not known here', () => {
  const mystery = { type: 'example.open-door', door: 7 };
  const registering = { authorization_details_types: ['account_information', mystery.type] };

  test('cannot be registered, or asked for, until the person allows such types (security rule 2)', async () => {
    await expect(registerAgent(door.issuer, registering)).rejects.toThrow();
    expect((await ask(details([mystery]))).body['error']).toBe('invalid_authorization_details');
  });

  test('can then be asked for by an agent that registered it, and by no other (RFC 9396, section 10)', async () => {
    door.approvals.changeSettings({ acceptUnknownTypes: true });
    const opener = await registerAgent(door.issuer, registering);
    const question1 = { ...question(agent.resource), scope: 'openid', ...details([mystery]) };
    expect((await agent.post('/bc-authorize', question1)).body['error']).toBe('invalid_authorization_details');
    expect((await opener.post('/bc-authorize', question1)).status).toBe(200);
    expect(door.onlyPending()).toMatchObject({ details: [mystery], risk: 'high', scopes: [] });
    door.approvals.changeSettings({ acceptUnknownTypes: false });
    expect((await opener.post('/bc-authorize', question1)).body['error']).toBe('invalid_authorization_details');
  });

  test('can still be asked for after a restart', async () => {
    door.approvals.changeSettings({ acceptUnknownTypes: true });
    const opener = await registerAgent(door.issuer, registering);
    door = await door.restart();
    const answer = await opener.post('/bc-authorize', { ...question(agent.resource), scope: 'openid', ...details([mystery]) });
    expect(answer.status).toBe(200);
  });

  test('is not among the types that are said to be supported', async () => {
    door.approvals.changeSettings({ acceptUnknownTypes: true });
    await registerAgent(door.issuer, registering);
    const metadata = (await (await fetch(`${door.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<
      string,
      unknown
    >;
    expect(metadata['authorization_details_types_supported']).not.toContain(mystery.type);
  });
});

describe('RAR with resource indicators, RFC 8707 section 2', () => {
  test.each([
    ['an unknown resource', () => `${door.issuer}/proxy/nowhere`],
    ['another server', () => 'https://api.example/proxy/demo'],
    ['a path below a resource', () => `${door.issuer}/proxy/demo/accounts`],
    ['another spelling', () => `${door.issuer}/proxy/./demo`],
    ['an encoded spelling', () => `${door.issuer}/proxy/%64emo`],
    ['a query', () => `${door.issuer}/proxy/demo?x`],
    ['a fragment', () => `${door.issuer}/proxy/demo#x`],
    ['no URI', () => 'demo'],
    ['nothing', () => ''],
  ])('%s is invalid_target', async (_what, resource) => {
    const answer = await ask({ resource: resource() });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_target']);
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('an unknown resource gets those that are known as a hint', async () => {
    expect((await ask({ resource: `${door.issuer}/proxy/nowhere` })).body['hint']).toContain(agent.resource);
  });

  test('two resources are invalid_target', async () => {
    expect((await ask({ resource: [agent.resource, `${door.issuer}/proxy/archive`] })).body['error']).toBe('invalid_target');
  });
});

describe('RAR, RFC 9396 section 7: the token', () => {
  test('says what was granted, not what was asked', async () => {
    const narrowed = { ...accounts, actions: ['read_balances'] };
    const { accessToken, refreshToken } = await granted(door, agent, { details: [narrowed] });
    expect((await agent.refresh(refreshToken)).body['authorization_details']).toEqual([narrowed]);
    expect((await agent.post('/introspect', { token: accessToken })).body['authorization_details']).toEqual([narrowed]);
  });

  test('is neither issued nor introspected when the grant does not fit what was asked (security rule 24)', async () => {
    const { accessToken, refreshToken } = await granted(door, agent);
    const find = door.approvals.find.bind(door.approvals);
    door.approvals.find = (id) => {
      const approval = find(id);
      return approval && { ...approval, details: [{ ...accounts, actions: ['read_balances'] }] };
    };
    expect((await agent.refresh(refreshToken)).status).toBe(500);
    expect((await agent.post('/introspect', { token: accessToken })).body['authorization_details']).toBeUndefined();
  });

  test('is issued when the request repeats what was granted', async () => {
    const { refreshToken } = await granted(door, agent);
    expect((await agent.refresh(refreshToken, { parameters: { resource: agent.resource, ...details([accounts]) } })).status).toBe(
      200,
    );
  });

  test('is refused when the request asks for more than was granted', async () => {
    const { refreshToken } = await granted(door, agent, { details: [{ ...accounts, actions: ['read_balances'] }] });
    const answer = await agent.refresh(refreshToken, { parameters: { resource: agent.resource, ...details([accounts]) } });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_authorization_details']);
  });

  test('is refused when the request asks for less, because nobody would enforce it (security rule 7)', async () => {
    const { refreshToken } = await granted(door, agent);
    const answer = await agent.refresh(refreshToken, {
      parameters: { resource: agent.resource, ...details([{ ...accounts, actions: ['read_balances'] }]) },
    });
    expect(answer.body).toMatchObject({ error: 'invalid_authorization_details', hint: expect.any(String) as string });
  });

  test('is not issued for another resource than the grant', async () => {
    const { refreshToken } = await granted(door, agent);
    expect((await agent.refresh(refreshToken, { parameters: { resource: `${door.issuer}/proxy/archive` } })).body['error']).toBe(
      'invalid_target',
    );
  });
});
