import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { granted } from './support/granted.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import { newKey, question, registerAgent, registration } from './support/stock-agent.ts';

let door: Door;

afterEach(() => door.close());

describe('while locked', () => {
  test('metadata and keys are served', async () => {
    door = await openAuthServer({ vault: 'locked' });
    for (const path of ['/.well-known/oauth-authorization-server', '/jwks'])
      expect((await fetch(`${door.issuer}${path}`)).status).toBe(200);
  });

  test('an agent registers and asks, and both are taken over at unlock (security rule 23)', async () => {
    door = await openAuthServer({ vault: 'locked' });
    const agent = await registerAgent(door.issuer);
    const asked = await agent.ask();
    const polling = agent.poll(asked.auth_req_id);
    for (let turn = 0; turn < 50_000 && door.approvals.listPending()[0]?.pinnedJkt === undefined; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    await door.advance(20_000);
    expect((await polling).body['error']).toBe('authorization_pending');
    await door.keep.unlock();
    door.approve(door.onlyPending());
    expect((await agent.poll(asked.auth_req_id)).status).toBe(200);
  });

  test('an assertion is good once, also across the unlock (security rule 18)', async () => {
    door = await openAuthServer({ vault: 'locked' });
    const agent = await registerAgent(door.issuer);
    const used = await agent.post('/bc-authorize', question(agent.resource));
    expect(used.status).toBe(200);
    expect(door.keep.store.all("SELECT id FROM server_payloads WHERE model = 'ReplayDetection'")).toHaveLength(1);
    await door.keep.unlock();
    expect(door.keep.store.all("SELECT id FROM server_payloads WHERE model = 'ReplayDetection' AND mac IS NOT NULL")).toHaveLength(
      1,
    );
  });

  test('nothing is issued: what was approved waits, and is there after the unlock', async () => {
    door = await openAuthServer();
    const agent = await registerAgent(door.issuer);
    const asked = await agent.ask();
    const polling = agent.poll(asked.auth_req_id);
    for (let turn = 0; turn < 50_000 && door.onlyPending().pinnedJkt === undefined; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    const waiting = door.onlyPending();
    door.approve(waiting);
    door.keep.vault.lock();
    const first = await polling;
    const second = await agent.poll(asked.auth_req_id);
    expect([second.status, second.body['error']]).toEqual([503, 'temporarily_unavailable']);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    expect([200, 503]).toContain(first.status);
    await door.keep.unlock();
    expect((await agent.poll(asked.auth_req_id)).status).toBe(first.status === 200 ? 400 : 200);
  });

  test('no token is refreshed and none is introspected', async () => {
    door = await openAuthServer();
    const agent = await registerAgent(door.issuer);
    const { accessToken, refreshToken } = await granted(door, agent);
    door.keep.vault.lock();
    for (const answer of [await agent.refresh(refreshToken), await agent.post('/introspect', { token: accessToken })]) {
      expect([answer.status, answer.body['error'], answer.headers.get('retry-after')]).toEqual([
        503,
        'temporarily_unavailable',
        '10',
      ]);
    }
    await door.keep.unlock();
    expect((await agent.refresh(refreshToken)).status).toBe(200);
  });

  test('a token written into the file is refused after the unlock (security rule 3)', async () => {
    door = await openAuthServer();
    const agent = await registerAgent(door.issuer);
    const { accessToken } = await granted(door, agent);
    door.keep.vault.lock();
    door.keep.store.commit([{ sql: "UPDATE server_payloads SET mac = NULL WHERE model = 'AccessToken'", values: [] }]);
    await door.keep.unlock();
    expect((await agent.post('/introspect', { token: accessToken })).status).toBe(500);
    expect(door.keep.events()).toContain('row.tampered');
  });
});

describe('before the person has set anything up', () => {
  test.each(['/.well-known/oauth-authorization-server', '/jwks'])('%s answers 503 with a wait', async (path) => {
    door = await openAuthServer({ vault: 'absent' });
    const response = await fetch(`${door.issuer}${path}`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('30');
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' });
  });

  test('no agent is registered', async () => {
    door = await openAuthServer({ vault: 'absent' });
    const response = await fetch(`${door.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(registration(await newKey())),
    });
    expect(response.status).toBe(503);
    expect(door.keep.store.all('SELECT id FROM agents')).toEqual([]);
  });
});

describe('what rests on disk', () => {
  test('is no token, no request id and no assertion, in any file of the database (security rule 3)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'counterfoil-'));
    try {
      door = await openAuthServer({ file: join(folder, 'data.db') });
      const agent = await registerAgent(door.issuer);
      const canary = 'binding-canary';
      const sent = await agent.post('/bc-authorize', { ...question(agent.resource), binding_message: canary });
      door.approvals.deny(door.onlyPending().id);
      const tokens = await granted(door, agent);
      const refreshed = await agent.refresh(tokens.refreshToken);
      const secrets = [
        sent.body['auth_req_id'],
        tokens.authReqId,
        tokens.accessToken,
        tokens.refreshToken,
        refreshed.body['access_token'],
        refreshed.body['refresh_token'],
        refreshed.body['id_token'],
      ];
      const bytes = ['data.db', 'data.db-wal'].map((name) => readFileSync(join(folder, name)));
      expect(bytes.some((content) => content.includes(canary))).toBe(true);
      for (const secret of secrets) {
        expect(typeof secret).toBe('string');
        expect(bytes.some((content) => content.includes(String(secret)))).toBe(false);
      }
      expect(JSON.stringify(door.platform.log.lines)).not.toContain(tokens.accessToken);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
