import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AnswersGiven, whenLost } from '../../src/authserver/answers-given.ts';
import { Refusal } from '../../src/base/errors.ts';
import { hashOf } from '../../src/base/ids.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { copyableKeychain, onCommit, takeImages } from './support/crash-images.ts';
import { granted } from './support/granted.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { Answer, StockAgent } from './support/stock-agent.ts';
import { cibaGrantType, newKey, proofFor, question, registerAgent } from './support/stock-agent.ts';

let folder: string;
let door: Door;
let agent: StockAgent;
const keychain = copyableKeychain();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'counterfoil-'));
  door = await openAuthServer({ file: join(folder, 'data.db'), keychain });
  agent = await registerAgent(door.issuer);
});

afterEach(async () => {
  await door.close();
  rmSync(folder, { recursive: true });
});

async function approved(): Promise<string> {
  const asked = await agent.post('/bc-authorize', question(agent.resource));
  door.approve(door.onlyPending());
  return String(asked.body['auth_req_id']);
}

/** One request, where `poll` fetches a nonce first. */
const pollOnce = (id: string): Promise<Answer> =>
  agent.post(
    '/token',
    { grant_type: cibaGrantType, auth_req_id: id },
    {
      headers: {
        DPoP: proofFor(agent.dpopKey, { htm: 'POST', htu: `${door.issuer}/token`, nonce: door.server.nonce() }),
      },
    },
  );

const rowsOf = (model: string): number => door.keep.store.all('SELECT id FROM server_payloads WHERE model = ?', model).length;
const isActive = async (token: unknown): Promise<unknown> =>
  (await agent.post('/introspect', { token: String(token) })).body['active'];

async function expectOnePair(answer: Answer): Promise<void> {
  expect([answer.status, rowsOf('AccessToken'), rowsOf('RefreshToken')]).toEqual([200, 1, 1]);
  expect(await isActive(answer.body['access_token'])).toBe(true);
  const issued = door.keep.audit.list({ limit: 200 }).filter(({ event }) => event === 'token.issued');
  for (const name of ['access_token', 'refresh_token']) {
    const hash = hashOf(String(answer.body[name]));
    expect(issued.filter(({ hashes }) => hashes?.['token'] === hash)).toHaveLength(1);
  }
}

describe('an approved request', () => {
  test('is redeemed by one of fifty polls that race, and the others end nothing (security rule 28)', async () => {
    const id = await approved();
    const answers = await Promise.all(Array.from({ length: 50 }, () => agent.poll(id)));
    const [first, ...others] = answers.toSorted((one, other) => one.status - other.status);
    expect(others.map(({ status, body }) => [status, body['error']])).toEqual(others.map(() => [400, 'invalid_grant']));
    if (first === undefined) throw new Error('nobody was answered');
    await expectOnePair(first);
    expect(door.revoked).toEqual([]);
    expect((await agent.refresh(String(first.body['refresh_token']))).status).toBe(200);
  });

  test('is spent, and its tokens and their events are written, in one commit', async () => {
    const id = await approved();
    const changes: string[][] = [];
    const stop = onCommit(door.keep.store, (run, change) => {
      changes.push(change.map(({ sql, values }) => `${sql.split(' ').slice(0, 3).join(' ')} ${String(values[2])}`));
      run();
    });
    expect((await agent.poll(id)).status).toBe(200);
    stop();
    const withTokens = changes.filter((change) => change.some((line) => line.includes('token.issued')));
    expect(withTokens).toHaveLength(1);
    expect(withTokens[0]?.filter((line) => line.startsWith('INSERT INTO server_payloads'))).toHaveLength(2);
    expect(withTokens[0]?.filter((line) => line.startsWith('UPDATE server_payloads'))).toHaveLength(1);
    expect(withTokens[0]?.filter((line) => line.includes('token.issued'))).toHaveLength(2);
  });

  test('yields its tokens whatever commit the program was killed after, and never a second live pair (goal R1)', async () => {
    const id = await approved();
    const images = takeImages(door.keep, { folder, keychain });
    expect((await agent.poll(id)).status).toBe(200);
    const taken = images.stop();
    const { clock } = door.keep;
    expect(taken.length).toBeGreaterThan(3);
    for (const image of taken) {
      const port = Number(new URL(door.issuer).port);
      await door.close();
      door = await openAuthServer({ ...image, clock, port, vault: 'absent' });
      // an assertion of this run, after the second in which it began
      await door.advance(1_000);
      await door.keep.unlock();
      await expectOnePair(await agent.poll(id));
      expect((await agent.poll(id)).body['error']).toBe('invalid_grant');
      expect(door.revoked).toEqual([]);
    }
  });

  test('yields its tokens when a commit failed and the fault is gone (goal R2)', async () => {
    for (let failing = 0; ; failing += 1) {
      const id = await approved();
      let commits = 0;
      const stop = onCommit(door.keep.store, (run) => {
        commits += 1;
        if (commits === failing + 1) throw new Refusal('store_failed', 'The disk is full.');
        run();
      });
      const first = await pollOnce(id);
      stop();
      if (commits <= failing) {
        expect(first.status).toBe(200);
        expect(failing).toBeGreaterThan(2);
        return;
      }
      expect(first.body['access_token']).toBeUndefined();
      expect([rowsOf('AccessToken'), rowsOf('RefreshToken')]).toEqual([0, 0]);
      await door.advance(1_000);
      const second = await agent.poll(id);
      await expectOnePair(second);
      await agent.post('/revoke', { token: String(second.body['refresh_token']) });
    }
  });
});

describe('an answer that was lost', () => {
  async function restarted(): Promise<void> {
    await door.advance(1_000);
    door = await door.restart();
  }

  test('is given again after a restart, to the same key, and the first pair ends in that commit', async () => {
    const id = await approved();
    const lost = await agent.poll(id);
    await restarted();
    expect((await agent.poll(id, { dpopKey: await newKey() })).body['error']).toBe('invalid_grant');
    expect(await isActive(lost.body['access_token'])).toBe(true);
    const again = await agent.poll(id);
    await expectOnePair(again);
    expect(await isActive(lost.body['access_token'])).toBe(false);
    expect((await agent.refresh(String(lost.body['refresh_token']))).body['error']).toBe('invalid_grant');
    expect((await agent.refresh(String(again.body['refresh_token']))).status).toBe(200);
  });

  test('is not given again once one of its tokens was used', async () => {
    const id = await approved();
    const first = await agent.poll(id);
    const refreshed = await agent.refresh(String(first.body['refresh_token']));
    await restarted();
    expect((await agent.poll(id)).body['error']).toBe('invalid_grant');
    expect(await isActive(refreshed.body['access_token'])).toBe(true);
    expect(door.revoked).toEqual([]);
  });

  test('is not given again once its grant was used', async () => {
    const { authReqId, grantId, accessToken } = await granted(door, agent);
    door.grants.reserveUse(grantId, []);
    await restarted();
    expect((await agent.poll(authReqId)).body['error']).toBe('invalid_grant');
    expect(await isActive(accessToken)).toBe(true);
  });

  test('is not given again once its grant is over', async () => {
    const { authReqId, grantId } = await granted(door, agent);
    door.grants.end(grantId, 'revoked');
    await restarted();
    expect((await agent.poll(authReqId)).body['error']).toBe('invalid_grant');
  });

  test.each([
    ['left whole', true],
    ['did not leave whole', false],
  ])('counts as given when it %s: %s', (_how, writableFinished) => {
    const answers = new AnswersGiven(createFakeClock());
    const response = Object.assign(new EventEmitter(), { writableFinished });
    whenLost(response as unknown as ServerResponse, answers.begin('request', Number.MAX_SAFE_INTEGER));
    response.emit('close');
    expect(answers.has('request')).toBe(writableFinished);
  });
});
