import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as oauth from 'openid-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentId } from '../../src/base/ids.ts';
import { asId } from '../../src/base/ids.ts';
import { granted } from './support/granted.ts';
import { until } from './support/held-poll.ts';
import type { NotificationServer } from './support/notification-endpoint.ts';
import { listenForPings } from './support/notification-endpoint.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { StockAgent } from './support/stock-agent.ts';
import { registerAgent } from './support/stock-agent.ts';

let door: Door;
let endpoint: NotificationServer;
let agent: StockAgent;

const token = randomBytes(24).toString('base64url');
const freshToken = () => ({ client_notification_token: randomBytes(24).toString('base64url') });
const pinging = (url: string) => ({ backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: url });

const ask = async (more: Readonly<Record<string, string>> = {}): Promise<string> =>
  (await agent.ask({ client_notification_token: token, ...more })).auth_req_id;

const events = () => door.keep.events().filter((event) => event.startsWith('ping.'));
const owed = () => door.keep.store.all('SELECT id FROM pings').length;

/** Lets whatever is on its way arrive: two turns of a real connection to ourselves. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await (await fetch(`${door.issuer}/jwks`)).arrayBuffer();
}

beforeEach(async () => {
  door = await openAuthServer();
  endpoint = await listenForPings();
  agent = await registerAgent(door.issuer, pinging(endpoint.url));
  await granted(door, { ...agent, post: (path, parameters, how) => agent.post(path, { ...parameters, ...freshToken() }, how) });
  await endpoint.count(1);
  await until(() => owed() === 0);
});

afterEach(async () => {
  await door.close();
  await endpoint.close();
});

describe('CIBA Core 1.0, section 10.2: the ping', () => {
  test('is a POST to the registered endpoint, with the token as bearer, and JSON that names the request and nothing else', async () => {
    const id = await ask();
    door.approve(door.onlyPending());
    await endpoint.count(2);
    const ping = endpoint.received[1];
    expect([ping?.method, ping?.path]).toEqual(['POST', '/ciba/notice?of=planner']);
    expect(ping?.headers).toMatchObject({
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      host: `127.0.0.1:${endpoint.port}`,
    });
    expect(JSON.parse(ping?.body ?? '')).toEqual({ auth_req_id: id });
  });

  const answers: readonly (readonly [string, (one: Door) => unknown, readonly [number, string | undefined]])[] = [
    ['a yes', (one) => one.approve(one.onlyPending()), [200, undefined]],
    ['a no', (one) => one.approvals.deny(one.onlyPending().id), [400, 'access_denied']],
    ['a withdrawal', (one) => one.approvals.cancel(one.onlyPending().id, 'by-agent'), [400, 'invalid_grant']],
    ['the end of its time', (one) => one.advance(300_000), [400, 'expired_token']],
  ];
  test.each(answers)('is sent for %s, and the agent learns it at the token endpoint', async (_what, answer, outcome) => {
    const id = await ask();
    await answer(door);
    await endpoint.count(2);
    expect(JSON.parse(endpoint.received[1]?.body ?? '')).toEqual({ auth_req_id: id });
    expect(Object.keys(JSON.parse(endpoint.received[1]?.body ?? '') as object)).toHaveLength(1);
    const polled = await agent.poll(id);
    expect([polled.status, polled.body['error']]).toEqual(outcome);
  });

  test('is sent once, written down, and owed no longer', async () => {
    await ask();
    expect(owed()).toBe(1);
    door.approve(door.onlyPending());
    await until(() => owed() === 0);
    expect(events()).toEqual(['ping.sent', 'ping.sent']);
    await door.advance(60_000);
    await settled();
    expect(endpoint.received).toHaveLength(2);
  });

  test('is not sent before there is an answer', async () => {
    await ask();
    await door.advance(60_000);
    await settled();
    expect(endpoint.received).toHaveLength(1);
  });

  test('goes to [::1] as well', async () => {
    const six = await listenForPings({ host: '::1' });
    agent = await registerAgent(door.issuer, { client_name: 'six', ...pinging(six.url) });
    await ask();
    door.approve(door.onlyPending());
    await six.count(1);
    await six.close();
    expect(six.received[0]?.headers.host).toBe(`[::1]:${six.port}`);
  });

  test.each([200, 202, 204])('%i means that it was taken', async (status) => {
    endpoint.answer = (response) => response.writeHead(status).end('thanks');
    await ask();
    door.approve(door.onlyPending());
    await until(() => owed() === 0);
    expect(events().at(-1)).toBe('ping.sent');
  });

  test.each([301, 302, 303, 307, 308])('%i is not followed and not repeated', async (status) => {
    const elsewhere = await listenForPings();
    endpoint.answer = (response) => response.writeHead(status, { location: elsewhere.url }).end();
    await ask();
    door.approve(door.onlyPending());
    await until(() => events().at(-1) === 'ping.failed');
    await door.advance(120_000);
    await settled();
    expect([endpoint.received.length, elsewhere.received.length]).toEqual([2, 0]);
    await elsewhere.close();
  });

  test.each([400, 401, 403, 404, 410])('%i, the agent said no, is not repeated', async (status) => {
    endpoint.answer = (response) => response.writeHead(status).end();
    await ask();
    door.approve(door.onlyPending());
    await until(() => owed() === 0);
    await door.advance(120_000);
    await settled();
    expect([endpoint.received.length, events().at(-1)]).toEqual([2, 'ping.failed']);
  });

  test('reads nothing of the answer: one without an end is left', async () => {
    let writing = true;
    endpoint.answer = (response) => {
      response.writeHead(200);
      response.on('close', () => {
        writing = false;
      });
      response.write('x'.repeat(100_000));
    };
    await ask();
    door.approve(door.onlyPending());
    await until(() => !writing && endpoint.open() === 0);
    expect(events().at(-1)).toBe('ping.sent');
  });

  test('carries no verdict: a yes and a no look alike', async () => {
    await ask();
    door.approve(door.onlyPending());
    await endpoint.count(2);
    await ask();
    door.approvals.deny(door.onlyPending().id);
    await endpoint.count(3);
    const shape = (at: number): readonly unknown[] => {
      const { body, headers, ...rest } = endpoint.received[at]!;
      return [rest, Object.keys(headers), body.length];
    };
    expect(shape(1)).toEqual(shape(2));
  });
});

describe('CIBA Core 1.0, section 10.2: when a ping is not taken', () => {
  const failing = (): void => {
    endpoint.answer = (response) => response.writeHead(503).end();
  };

  /** Waits until the last try was judged and the next one has its timer. */
  async function tried(times: number): Promise<void> {
    await endpoint.count(1 + times);
    await until(() => endpoint.open() === 0);
    await settled();
  }

  test('it is tried three times more, after 2, 10 and 30 seconds, and no more', async () => {
    failing();
    await ask();
    door.approve(door.onlyPending());
    await tried(1);
    for (const [index, seconds] of [2, 10, 30].entries()) {
      await door.advance(seconds * 1000 - 1);
      await settled();
      expect(endpoint.received).toHaveLength(2 + index);
      await door.advance(1);
      await tried(2 + index);
    }
    await until(() => owed() === 0);
    await door.advance(300_000);
    await settled();
    expect(endpoint.received).toHaveLength(5);
    expect(events().at(-1)).toBe('ping.failed');
  });

  test('a later try that is taken ends it', async () => {
    failing();
    await ask();
    door.approve(door.onlyPending());
    await tried(1);
    endpoint.answer = (response) => response.writeHead(204).end();
    await door.advance(2_000);
    await until(() => owed() === 0);
    expect(events().at(-1)).toBe('ping.sent');
  });

  test('an agent that does not answer is given three seconds', async () => {
    endpoint.answer = () => {};
    await ask();
    door.approve(door.onlyPending());
    await endpoint.count(2);
    await door.advance(2_999);
    expect(endpoint.open()).toBe(1);
    await door.advance(1);
    await until(() => endpoint.open() === 0);
  });

  test('where nobody listens, nothing else suffers, and the agent may poll', async () => {
    await endpoint.close();
    const id = await ask();
    door.approve(door.onlyPending());
    expect((await agent.poll(id)).status).toBe(200);
  });

  test('an agent that pings may poll: before the answer it hears authorization_pending', async () => {
    const id = await ask();
    const polling = agent.poll(id);
    await until(() => door.onlyPending().pinnedJkt !== undefined);
    await door.advance(20_000);
    expect((await polling).body['error']).toBe('authorization_pending');
  });
});

describe('a ping survives (CIBA Core 1.0, section 10.2)', () => {
  test('a restart before the answer', async () => {
    const id = await ask();
    await door.advance(1_000);
    door = await door.restart();
    door.approve(door.onlyPending());
    await endpoint.count(2);
    expect(endpoint.received[1]).toMatchObject({
      body: JSON.stringify({ auth_req_id: id }),
      headers: { authorization: `Bearer ${token}` },
    });
  });

  test('a restart after an answer that nobody took', async () => {
    endpoint.answer = (response) => response.writeHead(503).end();
    await ask();
    door.approvals.deny(door.onlyPending().id);
    await endpoint.count(2);
    endpoint.answer = (response) => response.writeHead(204).end();
    door = await door.restart();
    await endpoint.count(3);
    await until(() => owed() === 0);
  });

  test('a request that came while locked, and a restart before the unlock', async () => {
    door.keep.vault.lock();
    const id = await ask();
    expect(owed()).toBe(1);
    await door.advance(1_000);
    door = await door.restart();
    door.approve(door.onlyPending());
    await endpoint.count(2);
    expect(endpoint.received[1]?.body).toBe(JSON.stringify({ auth_req_id: id }));
  });

  test('the lock: an answer given while locked is told at once', async () => {
    const id = await ask();
    door.keep.vault.lock();
    door.approvals.deny(door.onlyPending().id);
    await endpoint.count(2);
    expect(endpoint.received[1]?.body).toBe(JSON.stringify({ auth_req_id: id }));
  });

  test('but not the time in which its request could be asked for', async () => {
    endpoint.answer = () => {};
    await ask({ requested_expiry: '10' });
    door.agents.suspend(asId<AgentId>(agent.id));
    await door.advance(10_000 + 600_000);
    door.server.sweep();
    expect(owed()).toBe(0);
  });
});

describe('what a ping needs rests on disk sealed only (security rule 3)', () => {
  test('neither the token nor the request id is in any file, locked or not, signed or not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'counterfoil-'));
    try {
      await door.close();
      door = await openAuthServer({ file: join(folder, 'data.db') });
      agent = await registerAgent(door.issuer, pinging(endpoint.url));
      const ids = [await ask()];
      door.keep.vault.lock();
      ids.push(await ask());
      expect(owed()).toBe(2);
      const bytes = ['data.db', 'data.db-wal'].map((name) => readFileSync(join(folder, name)));
      for (const secret of [token, ...ids]) expect(bytes.some((content) => content.includes(secret))).toBe(false);
      expect(JSON.stringify(door.platform.log.lines)).not.toContain(token);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a sealed ping that was moved to another request is not sent there, and is reported', async () => {
    await ask();
    const other = await ask();
    await door.advance(1_000);
    door.keep.store.commit([{ sql: 'UPDATE pings SET boxed = (SELECT boxed FROM pings ORDER BY rowid LIMIT 1)', values: [] }]);
    door = await door.restart();
    for (const { id } of door.approvals.listPending()) door.approvals.deny(id);
    await until(() => owed() === 0);
    expect(endpoint.received.slice(1).map(({ body }) => body)).not.toContain(JSON.stringify({ auth_req_id: other }));
    expect(endpoint.received).toHaveLength(2);
    expect(door.keep.events()).toContain('row.tampered');
  });
});

describe('a ping goes nowhere else (security rules 9 and 29)', () => {
  test('than to an agent that the person has accepted: a no to a newcomer is heard by polling', async () => {
    agent = await registerAgent(door.issuer, pinging(endpoint.url));
    const id = await ask();
    door.approvals.deny(door.onlyPending().id);
    await until(() => owed() === 0);
    await settled();
    expect(endpoint.received).toHaveLength(1);
    expect(events().at(-1)).toBe('ping.failed');
    expect((await agent.poll(id)).body['error']).toBe('access_denied');
  });

  test('than to an agent that is still accepted', async () => {
    await ask();
    door.agents.suspend(asId<AgentId>(agent.id));
    door.approvals.deny(door.onlyPending().id);
    await until(() => owed() === 0);
    await settled();
    expect(endpoint.received).toHaveLength(1);
  });

  test('than to a port that is not ours at that time', async () => {
    const { port } = endpoint;
    await endpoint.close();
    const ours = await openAuthServer({ port });
    await ask();
    door.approve(door.onlyPending());
    await until(() => events().at(-1) === 'ping.failed');
    await ours.close();
    endpoint = await listenForPings({ port });
  });
});

describe('CIBA Core 1.0, section 7.1: client_notification_token', () => {
  const bad: readonly (readonly [string, string | undefined])[] = [
    ['missing', undefined],
    ['empty', ''],
    ['longer than 1024 characters', 'a1B2c3D4e5'.repeat(103)],
    ['with a space', `${token} x`],
    ['with a line break', `${token}\n`],
    ['with a quotation mark', `"${token}"`],
    ['with padding inside', `=${token}`],
    ['not ASCII', `${token}ä`],
    ['too short for 128 bits', randomBytes(15).toString('base64url')],
    ['too short for 128 bits in hexadecimal', randomBytes(15).toString('hex')],
    ['long and monotonous', 'ab'.repeat(40)],
  ];
  test.each(bad)('that is %s is refused with invalid_request', async (_what, value) => {
    const answer = await agent.post('/bc-authorize', {
      scope: 'openid',
      login_hint: 'me',
      resource: agent.resource,
      authorization_details: JSON.stringify([{ type: 'account_information', actions: ['list_accounts'] }]),
      ...(value === undefined ? {} : { client_notification_token: value }),
    });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
    expect(door.approvals.listPending()).toEqual([]);
    expect(owed()).toBe(0);
  });

  test.each([
    ['of 1024 characters', randomBytes(768).toString('base64url')],
    ['of 16 random bytes', '4f8Zk0-QmW7rT2_xLc9Vbg'],
    ['in hexadecimal', randomBytes(16).toString('hex')],
    ['a UUID', '1c266114-a1be-4252-8ad1-04986c5b9ac1'],
    ['with every character that a bearer token may have', `${token}._~+/-==`],
  ])('%s is taken', async (_what, client_notification_token) => {
    const id = await ask({ client_notification_token });
    door.approve(door.onlyPending());
    await endpoint.count(2);
    expect(endpoint.received[1]?.headers.authorization).toBe(`Bearer ${client_notification_token}`);
    expect(JSON.parse(endpoint.received[1]?.body ?? '')).toEqual({ auth_req_id: id });
  });

  test('means nothing for an agent that polls, and is not kept', async () => {
    const polling = await registerAgent(door.issuer);
    await polling.ask({ client_notification_token: 'x' });
    expect(owed()).toBe(0);
  });
});

test('openid-client asks, is pinged, and polls once (CIBA Core 1.0, section 10.2)', async () => {
  const response = await oauth.initiateBackchannelAuthentication(agent.config, {
    scope: 'openid',
    login_hint: 'me',
    resource: agent.resource,
    authorization_details: JSON.stringify([{ type: 'account_information', actions: ['list_accounts'] }]),
    client_notification_token: token,
  });
  door.approve(door.onlyPending());
  await endpoint.count(2);
  const tokens = await oauth.pollBackchannelAuthenticationGrant(agent.config, response, undefined, { DPoP: agent.dpop });
  expect(tokens.token_type).toBe('dpop');
});
