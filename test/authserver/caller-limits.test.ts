import { hash } from 'node:crypto';
import { Agent as Connection, request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { QuotaWindows } from '../../src/authserver/quota-windows.ts';
import { limits } from '../../src/base/limits.ts';
import { rateLimitFields } from '../../src/gate/gate.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { evidenceOf, unknownEvidence } from '../support/memory-platform.ts';
import { ledger } from './support/fake-connections.ts';
import { granted } from './support/granted.ts';
import { type Door, type DoorOptions, openAuthServer } from './support/open-authserver.ts';
import {
  assertion,
  assertionParameters,
  cibaGrantType,
  newKey,
  proofFor,
  registerAgent,
  type StockAgent,
} from './support/stock-agent.ts';

let door: Door;
const connections: Connection[] = [];

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.destroy();
  await door.close();
});

const open = async (quotas: NonNullable<DoorOptions['quotas']>): Promise<void> => {
  door = await openAuthServer({ quotas });
};
const act = (agent: StockAgent) => agent.post('/revoke', { token: 'none' });
/** One request on a connection of its own, or on one that is kept. */
const send = (path: string, { form = '', connection = new Connection() }: { form?: string; connection?: Connection } = {}) => {
  connections.push(connection);
  return new Promise<{ status: number; headers: Readonly<Record<string, unknown>>; body: Readonly<Record<string, unknown>> }>(
    (resolve, reject) => {
      const headers = form === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': form.length };
      request(`${door.issuer}${path}`, { method: form === '' ? 'GET' : 'POST', agent: connection, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: JSON.parse(text || '{}') as Record<string, unknown>,
          }),
        );
      })
        .on('error', reject)
        .end(form);
    },
  );
};
const forged = (id: string) =>
  `client_id=${id}&client_assertion_type=${encodeURIComponent('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')}&client_assertion=e30.e30.e30&token=none`;

describe('an agent', () => {
  test('is told in each answer what is left, and after how many seconds all of it is there again', async () => {
    await open({ requests: 5 });
    const agent = await registerAgent(door.issuer);
    await act(agent);
    await door.advance(20_000);
    const { headers } = await act(agent);
    expect(headers.get('ratelimit-policy')).toContain('"requests";q=5;w=60, "bytes";q=67108864;qu="content-bytes";w=60');
    expect(headers.get('ratelimit')).toMatch(/^"requests";r=3;t=40, "bytes";r=\d+;t=\d+$/);
  });

  test('over its quota gets 429 with Retry-After, both fields and the policy, and all of it again after that', async () => {
    await open({ requests: 2 });
    const agent = await registerAgent(door.issuer);
    await act(agent);
    await door.advance(15_000);
    await act(agent);
    const { status, headers, body } = await act(agent);
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBe('45');
    expect(headers.get('ratelimit-policy')).toBe('"requests";q=2400;w=60');
    expect(headers.get('ratelimit')).toBe('"requests";r=0;t=45');
    expect(body).toMatchObject({ error: 'temporarily_unavailable', 'violated-policies': ['requests'], retry_after: 45 });
    await door.advance(44_000);
    expect((await act(agent)).status).toBe(429);
    await door.advance(1_000);
    expect((await act(agent)).status).toBe(200);
  });

  test('that floods takes nothing from nine others', async () => {
    await open({ requests: 6 });
    const others: StockAgent[] = [];
    for (let count = 0; count < 10; count += 1) {
      door.platform.processes.evidence = evidenceOf({ root: { pid: 100 + count, executableVerified: true, startTime: '1' } });
      others.push(await registerAgent(door.issuer));
    }
    const [flooding, ...nine] = others as [StockAgent, ...StockAgent[]];
    const flood = await Promise.all(Array.from({ length: 40 }, () => act(flooding)));
    expect(flood.filter(({ status }) => status === 200)).toHaveLength(6);
    for (const agent of nine) expect((await act(agent)).status).toBe(200);
  });

  test('cannot be made to pay by another that names its client_id', async () => {
    await open({ requests: 3, strangers: 1_000 });
    const agent = await registerAgent(door.issuer);
    for (let count = 0; count < 10; count += 1) expect((await send('/revoke', { form: forged(agent.id) })).status).toBe(401);
    const { headers } = await act(agent);
    expect(headers.get('ratelimit')).toContain('"requests";r=2');
  });

  test('writes nothing once its quota is gone: not even that its assertion was used', async () => {
    await open({ requests: 1 });
    const agent = await registerAgent(door.issuer);
    await act(agent);
    const rows = () => door.keep.store.first<{ count: number }>('SELECT count(*) AS count FROM server_payloads')?.count;
    const before = rows();
    expect((await act(agent)).status).toBe(429);
    expect(rows()).toBe(before);
  });

  test('has a smaller quota of polls', async () => {
    await open({ polls: 4 });
    const agent = await registerAgent(door.issuer);
    const { authReqId } = await granted(door, agent);
    const poll = () => agent.post('/token', { grant_type: cibaGrantType, auth_req_id: authReqId });
    for (let count = 0; count < 2; count += 1) expect((await poll()).body).toMatchObject({ error: 'invalid_dpop_proof' });
    expect((await poll()).body).toMatchObject({ 'violated-policies': ['polls'] });
    expect((await act(agent)).status).toBe(200);
  });

  test('whose proofs fail has none looked at for a while, not even a good one (RFC 9449, 4.3)', async () => {
    await open({ 'failed-proofs': 4 });
    const agent = await registerAgent(door.issuer);
    const { accessToken } = await granted(door, agent);
    const url = `${door.issuer}/proxy/demo/accounts`;
    const ath = hash('sha256', accessToken, 'base64url');
    const call = async (nonce: string, key = agent.dpopKey) =>
      fetch(url, {
        headers: { authorization: `DPoP ${accessToken}`, dpop: proofFor(key, { htm: 'GET', htu: url, nonce, ath }) },
      });
    const good = (await call('none')).headers.get('dpop-nonce') ?? '';
    const answer = await call(good);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('ratelimit')).toMatch(/^"calls";r=\d+;t=60, "bytes"/);
    let failed = 0;
    while (failed < 10 && (await call('none')).status === 401) failed += 1;
    expect(failed).toBeLessThan(4);
    const refused = await call(good);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit')).toMatch(/^"failed-proofs";r=0;t=\d+$/);
    expect(await refused.json()).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      'violated-policies': ['failed-proofs'],
    });
    const other = await registerAgent(door.issuer, { client_name: 'other' });
    expect((await granted(door, other)).accessToken).toEqual(expect.any(String));
  });

  test('cannot be made to pay by a server on this computer that was shown its token', async () => {
    await open({ 'failed-proofs': 4, calls: 4 });
    door.locals.push(ledger(await newKey()));
    const agent = await registerAgent(door.issuer);
    const shown = await granted(door, agent, { parameters: { resource: 'http://127.0.0.1:9002/' } });
    const { accessToken } = await granted(door, agent);
    const url = `${door.issuer}/proxy/demo/accounts`;
    const call = (token: string, dpop: string) => fetch(url, { headers: { authorization: `DPoP ${token}`, dpop } });
    for (let tried = 0; tried < 6; tried += 1) expect((await call(shown.accessToken, 'no proof')).ok).toBe(false);
    const nonce = (await call('made-up', 'no proof')).headers.get('dpop-nonce') ?? '';
    const ath = hash('sha256', accessToken, 'base64url');
    expect((await call(accessToken, proofFor(agent.dpopKey, { htm: 'GET', htu: url, nonce, ath }))).status).toBe(200);
  });

  test('can withdraw its request with a proof while strangers send proofs that fail', async () => {
    await open({ 'failed-proofs': 3 });
    const agent = await registerAgent(door.issuer);
    const { auth_req_id: token } = await agent.ask();
    const headers = { authorization: 'DPoP made-up', dpop: 'no proof' };
    for (let tried = 0; tried < 5; tried += 1) expect((await fetch(`${door.issuer}/proxy/demo/a`, { headers })).ok).toBe(false);
    const proof = { htm: 'POST', htu: `${door.issuer}/revoke`, nonce: door.server.nonce() };
    expect((await agent.post('/revoke', { token }, { headers: { DPoP: proofFor(agent.dpopKey, proof) } })).status).toBe(200);
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('that makes too many calls, or sends too much, is stopped before the proof is looked at', async () => {
    await open({ calls: 1, bytes: 6_000 });
    const agent = await registerAgent(door.issuer);
    const { accessToken } = await granted(door, agent);
    const url = `${door.issuer}/proxy/demo/accounts`;
    const call = () => fetch(url, { headers: { authorization: `DPoP ${accessToken}`, dpop: 'no proof' } });
    expect((await call()).status).toBe(401);
    expect(await (await call()).json()).toMatchObject({ 'violated-policies': ['calls'] });
    const large = await agent.post('/revoke', { token: 'x'.repeat(6_000) });
    expect(large.body).toMatchObject({ 'violated-policies': ['bytes'] });
  });
});

describe('callers that are not registered', () => {
  test('share one small quota, from which registered agents take nothing', async () => {
    await open({ strangers: 20, 'strangers-of-program': 1_000 });
    door.platform.processes.evidence = unknownEvidence;
    const agent = await registerAgent(door.issuer);
    const connection = new Connection({ keepAlive: true, maxSockets: 1 });
    const ask = async () => {
      const proof = assertionParameters(assertion({ key: agent.key, id: agent.id, issuer: door.issuer }));
      return (
        await send('/revoke', {
          form: String(new URLSearchParams({ client_id: agent.id, token: 'none', ...proof })),
          connection,
        })
      ).status;
    };
    expect(await ask()).toBe(200);
    let answered = 0;
    while (answered < 50 && (await send('/jwks')).status === 200) answered += 1;
    expect(answered).toBeLessThan(20);
    const { status, headers, body } = await send('/jwks');
    expect(status).toBe(429);
    expect(headers['retry-after']).toBe('60');
    expect(body).toMatchObject({ 'violated-policies': ['strangers'] });
    expect((await send('/revoke', { form: forged('nobody') })).status).toBe(429);
    // its connection is known as an agent's
    for (let count = 0; count < 5; count += 1) expect(await ask()).toBe(200);
  });

  test('of one program have a quota of their own when many come, so that another program gets through', async () => {
    await open({ strangers: 40, 'strangers-of-program': 6 });
    const agent = await registerAgent(door.issuer);
    const noisy = evidenceOf({ root: { pid: 666, executableVerified: true, startTime: '1' } });
    door.platform.processes.evidence = noisy;
    const statuses: number[] = [];
    for (let count = 0; count < 60 && !statuses.includes(429); count += 1) {
      statuses.push((await send('/revoke', { form: forged(agent.id) })).status);
      await door.advance(250);
    }
    expect(statuses.at(-1)).toBe(429);
    door.platform.processes.evidence = evidenceOf();
    await door.advance(1_000);
    expect((await act(agent)).status).toBe(200);
    expect((await send('/jwks')).status).toBe(200);
  });

  test('are looked at a few times each second at most: that costs more than a refusal', async () => {
    await open({ strangers: 10, 'strangers-of-program': 1_000 });
    for (let count = 0; count < 40; count += 1) await send('/revoke', { form: forged('nobody') });
    expect(door.platform.processes.asked.length).toBeLessThanOrEqual(5);
  });
});

describe('windows of a quota', () => {
  const windows = (quota: number) => {
    const clock = createFakeClock();
    return { clock, of: new QuotaWindows(clock, 'requests', { requests: quota }) };
  };

  test('are bounded, and nobody gets a fresh one by making others go', () => {
    const { of } = windows(2);
    of.take('mine', 2);
    for (let count = 0; count < 10_000; count += 1) {
      try {
        of.take(`other ${count}`);
      } catch {
        // those who come while all places are taken share one window
      }
    }
    expect(() => of.take('mine')).toThrow();
    expect(() => of.take('one more')).toThrow();
  });

  test('go by time that passes, not by the clock on the wall', async () => {
    const { clock, of } = windows(1);
    of.take('mine');
    clock.set(clock.now() - 3_600_000);
    expect(() => of.take('mine')).toThrow();
    await clock.advance(60_000);
    expect(of.take('mine').remaining).toBe(0);
  });

  test('take nothing for what is refused', () => {
    const { of } = windows(10);
    of.take('mine', 8);
    expect(() => of.take('mine', 5)).toThrow();
    expect(of.take('mine', 2).remaining).toBe(0);
  });
});

test('the fields are lists of items with parameters (RFC 9651)', () => {
  const fields = rateLimitFields([
    { limit: 'requests', quota: 60, remaining: 3, resetSeconds: 12 },
    { limit: 'pending-approvals', quota: 10, remaining: 0 },
  ]);
  expect(fields).toEqual({
    'RateLimit-Policy': '"requests";q=60;w=60, "pending-approvals";q=10;qu="concurrent-requests"',
    RateLimit: '"requests";r=3;t=12, "pending-approvals";r=0',
  });
  for (const name of Object.keys(limits)) expect(name).toMatch(/^[a-z-]+$/);
});
