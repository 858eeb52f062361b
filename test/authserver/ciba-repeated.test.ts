import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as oauth from 'openid-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyableKeychain, onCommit, takeImages } from './support/crash-images.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import { signedRequest } from './support/signed-request.ts';
import type { Answer, StockAgent } from './support/stock-agent.ts';
import { newKey, proofFor, question, registerAgent } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
});

afterEach(() => door.close());

type Send = () => Promise<Answer>;

const keyed = (key = '"8e03978e-40d5-43dd-bc93-6894a57f9324"', more: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  agent.post('/bc-authorize', { ...question(agent.resource), ...more }, { headers: { 'Idempotency-Key': key } });

/** The two ways to say that a request is the same one. */
function ways(): readonly (readonly [string, () => Send])[] {
  return [
    ['by the header Idempotency-Key', () => () => keyed()],
    [
      'by the jti of a signed request',
      () => {
        const request = signedRequest(agent);
        return () => agent.post('/bc-authorize', { request });
      },
    ],
  ];
}

const idOf = ({ body }: Answer): string => String(body['auth_req_id']);
const refused = ({ status, body }: Answer): readonly unknown[] => [status, body['error']];

describe.each(ways())('a request that is repeated after a lost answer, %s', (_way, begin) => {
  test('is one question, with the same answer', async () => {
    const sendIt = begin();
    const first = await sendIt();
    await door.advance(10_000);
    const second = await sendIt();
    expect(second.body).toEqual({ ...first.body, expires_in: 290 });
    expect(door.approvals.listPending()).toHaveLength(1);
    door.approve(door.onlyPending());
    expect((await agent.poll(idOf(second))).status).toBe(200);
  });

  test('at the same time is one question', async () => {
    const sendIt = begin();
    const answers = await Promise.all(Array.from({ length: 6 }, sendIt));
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(door.approvals.listPending()).toHaveLength(1);
  });

  test('after a restart is the same question under another id, and the lost id is dead', async () => {
    const sendIt = begin();
    const lost = await sendIt();
    const { id } = door.onlyPending();
    await door.advance(1_000);
    door = await door.restart();
    const again = await sendIt();
    expect(door.onlyPending().id).toBe(id);
    expect(again.body['expires_in']).toBe(299);
    door.approve(door.onlyPending());
    expect((await agent.poll(idOf(lost))).body['error']).toBe('invalid_grant');
    expect((await agent.poll(idOf(again))).status).toBe(200);
  });

  test('while locked, after a restart, is taken over at the unlock', async () => {
    const sendIt = begin();
    door.keep.vault.lock();
    await sendIt();
    const again = await sendIt();
    await door.keep.unlock();
    door.approve(door.onlyPending());
    expect((await agent.poll(idOf(again))).status).toBe(200);
  });

  test('after the answer says what the person said', async () => {
    const sendIt = begin();
    await sendIt();
    door.approvals.deny(door.onlyPending().id);
    const again = await sendIt();
    expect(door.approvals.listPending()).toEqual([]);
    expect((await agent.poll(idOf(again))).body['error']).toBe('access_denied');
  });

  test('makes no second way to the tokens of one yes', async () => {
    const sendIt = begin();
    const first = await sendIt();
    door.approve(door.onlyPending());
    expect((await agent.poll(idOf(first))).status).toBe(200);
    const again = await sendIt();
    expect((await agent.poll(idOf(again))).body['error']).toBe('invalid_grant');
    await door.advance(1_000);
    door = await door.restart();
    expect(refused(await sendIt())).toEqual([400, 'invalid_request']);
    expect(door.keep.store.all("SELECT id FROM server_payloads WHERE model = 'AccessToken'")).toHaveLength(1);
  });

  test('after its end is refused: that is a new request', async () => {
    const sendIt = begin();
    await sendIt();
    await door.advance(300_000);
    expect(refused(await sendIt())).toEqual([400, 'invalid_request']);
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('that was refused for now may come again', async () => {
    const sendIt = begin();
    door.agents.pauseAll();
    expect((await sendIt()).status).toBe(503);
    door.agents.resumeAll();
    expect((await sendIt()).status).toBe(200);
  });

  test('leaves one row of the library, not one for each time', async () => {
    const sendIt = begin();
    for (let count = 0; count < 3; count += 1) await sendIt();
    const rows = door.keep.store.all("SELECT id FROM server_payloads WHERE model = 'BackchannelAuthenticationRequest'");
    expect(rows).toHaveLength(1);
  });
});

describe('Idempotency-Key', () => {
  test('by openid-client, which lets an agent add it', async () => {
    const fetchWithKey: oauth.CustomFetch = (url, options) =>
      fetch(url, { ...options, headers: { ...options.headers, 'idempotency-key': '"one"' } } as RequestInit);
    agent.config[oauth.customFetch] = fetchWithKey;
    const [one, two] = [await agent.ask(), await agent.ask()];
    expect(two.auth_req_id).toBe(one.auth_req_id);
  });

  test('with another request under it is refused', async () => {
    await keyed();
    for (const more of [{ binding_message: 'another' }, { requested_expiry: '60' }])
      expect(refused(await keyed(undefined, more))).toEqual([400, 'invalid_request']);
    await door.advance(1_000);
    door = await door.restart();
    expect(refused(await keyed(undefined, { binding_message: 'another' }))).toEqual([400, 'invalid_request']);
    expect(door.approvals.listPending()).toHaveLength(1);
  });

  test('with a proof by another key is another request', async () => {
    const how = async (key = agent.dpopKey) => ({
      headers: {
        'Idempotency-Key': '"one"',
        DPoP: proofFor(key, { htm: 'POST', htu: `${door.issuer}/bc-authorize`, nonce: door.server.nonce() }),
      },
    });
    expect((await agent.post('/bc-authorize', question(agent.resource), await how())).status).toBe(200);
    const other = await agent.post('/bc-authorize', question(agent.resource), await how(await newKey()));
    expect(refused(other)).toEqual([400, 'invalid_request']);
    expect((await agent.post('/bc-authorize', question(agent.resource), await how())).status).toBe(200);
    expect(door.approvals.listPending()).toHaveLength(1);
  });

  test('of another agent is another key', async () => {
    await keyed();
    agent = await registerAgent(door.issuer, { client_name: 'other' });
    expect((await keyed()).status).toBe(200);
    expect(door.approvals.listPending()).toHaveLength(2);
  });

  test('may be quoted or not: it is the same key', async () => {
    expect(idOf(await keyed('"abc-1"'))).toBe(idOf(await keyed('abc-1')));
  });

  test.each(['""', '"', 'x'.repeat(256), '"a", "b"', 'a,b', '"a\\"b"'])('%s is refused', async (key) => {
    expect(refused(await keyed(key))).toEqual([400, 'invalid_request']);
  });

  test('is not guessed: an agent may want the same thing twice', async () => {
    await agent.ask();
    await agent.ask();
    expect(door.approvals.listPending()).toHaveLength(2);
  });
});

describe('a crash between the commits of one request', () => {
  test('leaves no question that is answered twice, and the repetition is one question', async () => {
    await door.close();
    const folder = mkdtempSync(join(tmpdir(), 'counterfoil-'));
    try {
      const keychain = copyableKeychain();
      door = await openAuthServer({ file: `${folder}/data.db`, keychain });
      agent = await registerAgent(door.issuer);
      const images = takeImages(door.keep, { folder, keychain });
      const lost = await keyed();
      const taken = images.stop();
      const port = Number(new URL(door.issuer).port);
      await door.close();
      expect(taken.length).toBeGreaterThan(2);
      for (const image of taken) {
        door = await openAuthServer({ ...image, vault: 'absent', port });
        await door.keep.unlock();
        await door.advance(1_000);
        const again = await keyed();
        expect(again.status).toBe(200);
        expect(door.approvals.listPending()).toHaveLength(1);
        door.approve(door.onlyPending());
        expect((await agent.poll(idOf(lost))).body['error']).toBe('invalid_grant');
        expect((await agent.poll(idOf(again))).status).toBe(200);
        await door.close();
      }
      door = await openAuthServer();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a question that cannot be written leaves nothing, and is not answered', async () => {
    const stop = onCommit(door.keep.store, (run, change) => {
      if (change.some(({ sql }) => sql.startsWith('INSERT INTO approvals'))) throw new Error('the disk is full');
      run();
    });
    expect((await keyed()).status).toBe(500);
    stop();
    expect(door.keep.store.all("SELECT id FROM server_payloads WHERE model = 'BackchannelAuthenticationRequest'")).toEqual([]);
    expect((await keyed()).status).toBe(200);
  });
});
