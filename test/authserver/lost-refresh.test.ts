import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../src/base/errors.ts';
import { onCommit } from './support/crash-images.ts';
import { type Granted, granted } from './support/granted.ts';
import { type Door, openAuthServer } from './support/open-authserver.ts';
import { type Answer, newKey, proofFor, registerAgent, type StockAgent } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;
let first: Granted;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
  first = await granted(door, agent);
});

afterEach(() => door.close());

const refreshOf = ({ body }: Answer): string => String(body['refresh_token']);
const accessOf = ({ body }: Answer): string => String(body['access_token']);

async function call(token: string): Promise<number> {
  const { createHash } = await import('node:crypto');
  const url = agent.resource;
  const ath = createHash('sha256').update(token).digest('base64url');
  const proof = proofFor(agent.dpopKey, { htm: 'GET', htu: url, ath, nonce: door.server.nonce() });
  return (await fetch(url, { headers: { Authorization: `DPoP ${token}`, DPoP: proof } })).status;
}

const isReuse = (): boolean => door.keep.events().includes('token.reuse_detected');

describe('a refresh token that comes again (RFC 6749, 6; RFC 9700, 4.14.2)', () => {
  test('gets another answer while nothing of the first was used: that one was lost', async () => {
    const lost = await agent.refresh(first.refreshToken);
    const again = await agent.refresh(first.refreshToken);
    expect([lost.status, again.status]).toEqual([200, 200]);
    expect(await call(accessOf(again))).toBe(200);
    expect((await agent.refresh(refreshOf(again))).status).toBe(200);
    expect(door.revoked).toEqual([]);
    expect(isReuse()).toBe(false);
  });

  test('ends what it was answered with before: there is never a second pair beside the first', async () => {
    const lost = await agent.refresh(first.refreshToken);
    await agent.refresh(first.refreshToken);
    expect(await call(accessOf(lost))).toBe(401);
    const entries = door.keep.audit.list({ grantId: first.grantId, limit: 200 });
    expect(entries.filter(({ event, reason }) => event === 'token.revoked' && reason === 'answer lost')).toHaveLength(2);
  });

  test('ends the grant when somebody comes with the answer that was taken for lost', async () => {
    const lost = await agent.refresh(first.refreshToken);
    const again = await agent.refresh(first.refreshToken);
    expect((await agent.refresh(refreshOf(lost))).body['error']).toBe('invalid_grant');
    expect(door.revoked).toContain(first.grantId);
    expect(isReuse()).toBe(true);
    expect((await agent.refresh(refreshOf(again))).body['error']).toBe('invalid_grant');
  });

  test('ends the grant when the next one was used', async () => {
    const next = await agent.refresh(first.refreshToken);
    const afterNext = await agent.refresh(refreshOf(next));
    expect((await agent.refresh(first.refreshToken)).body['error']).toBe('invalid_grant');
    expect(door.revoked).toContain(first.grantId);
    expect(isReuse()).toBe(true);
    expect(await call(accessOf(afterNext))).toBe(401);
  });

  test('ends the grant when the access token of its answer was used', async () => {
    const next = await agent.refresh(first.refreshToken);
    expect(await call(accessOf(next))).toBe(200);
    expect((await agent.refresh(first.refreshToken)).body['error']).toBe('invalid_grant');
    expect(door.revoked).toContain(first.grantId);
  });

  test('ends the grant when nobody can say any more whether its answer was used', async () => {
    await agent.refresh(first.refreshToken);
    await door.advance(310_000);
    door.server.sweep();
    expect((await agent.refresh(first.refreshToken)).body['error']).toBe('invalid_grant');
    expect(isReuse()).toBe(true);
  });

  test('goes on while the older access token works on', async () => {
    await agent.refresh(first.refreshToken);
    expect(await call(first.accessToken)).toBe(200);
    expect((await agent.refresh(first.refreshToken)).status).toBe(200);
  });

  test('does nothing at all with another key', async () => {
    const next = await agent.refresh(first.refreshToken);
    expect((await agent.refresh(first.refreshToken, { dpopKey: await newKey() })).body['error']).toBe('invalid_grant');
    expect(await call(accessOf(next))).toBe(200);
    expect(door.revoked).toEqual([]);
  });

  test('gets another answer after a restart, and is reuse when its answer was used before', async () => {
    await agent.refresh(first.refreshToken);
    door = await door.restart();
    const again = await agent.refresh(first.refreshToken);
    expect(again.status).toBe(200);
    expect(await call(accessOf(again))).toBe(200);
    door = await door.restart();
    expect((await agent.refresh(first.refreshToken)).body['error']).toBe('invalid_grant');
    expect(isReuse()).toBe(true);
  });

  test('yields one answer at most when uses race, and the others may try again', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => agent.refresh(first.refreshToken)));
    const given = answers.filter(({ status }) => status === 200);
    expect(given.length).toBeGreaterThanOrEqual(1);
    for (const { status, body } of answers)
      if (status !== 200) expect([status, body['error'], body['retry_after']]).toEqual([503, 'temporarily_unavailable', 1]);
    const working = await Promise.all(given.map(async (answer) => (await call(accessOf(answer))) === 200));
    expect(working.filter(Boolean)).toHaveLength(1);
    expect(door.revoked).toEqual([]);
  });

  test('is as it was when the second answer could not be kept', async () => {
    const lost = await agent.refresh(first.refreshToken);
    const stop = onCommit(door.keep.store, (run, change) => {
      if (change.some(({ sql }) => sql.startsWith('INSERT INTO server_payloads') && change.length > 3))
        throw new Refusal('store_failed', 'The disk is full.');
      run();
    });
    expect((await agent.refresh(first.refreshToken)).status).toBe(503);
    stop();
    expect(await call(accessOf(lost))).toBe(200);
    expect((await agent.refresh(refreshOf(lost))).status).toBe(200);
  });
});
