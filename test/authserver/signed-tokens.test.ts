import { createHash } from 'node:crypto';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../src/base/errors.ts';
import { asId, hashOf } from '../../src/base/ids.ts';
import { canonicalJson } from '../../src/details/details.ts';
import type { Change } from '../../src/store/store.ts';
import { onCommit } from './support/crash-images.ts';
import { ledger, notes } from './support/fake-connections.ts';
import { granted } from './support/granted.ts';
import { type Door, openAuthServer } from './support/open-authserver.ts';
import { serverPost } from './support/resource-server.ts';
import { newKey, proofFor, question, registerAgent, type SigningKey, type StockAgent } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;
let serverKey: SigningKey;

beforeEach(async () => {
  door = await openAuthServer();
  serverKey = await newKey();
  door.locals.push(notes, ledger(serverKey));
  agent = await registerAgent(door.issuer);
});

afterEach(() => door.close());

const forNotes = { resource: notes.indicator };

/** As a local server would that trusts nobody but our published key. */
async function claimsOf(token: string, audience = notes.indicator): Promise<Readonly<Record<string, unknown>>> {
  const keys = createRemoteJWKSet(new URL(`${door.issuer}/jwks`));
  const { payload } = await jwtVerify(token, keys, {
    issuer: door.issuer,
    audience,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    currentDate: new Date(door.keep.clock.now()),
  });
  return payload;
}

async function callOwnDoor(token: string): Promise<{ readonly status: number; readonly body: string }> {
  const url = `${door.issuer}/proxy/demo`;
  const ath = createHash('sha256').update(token).digest('base64url');
  const proof = proofFor(agent.dpopKey, { htm: 'GET', htu: url, ath, nonce: door.server.nonce() });
  const response = await fetch(url, { headers: { Authorization: `DPoP ${token}`, DPoP: proof } });
  return { status: response.status, body: await response.text() };
}

const signedEvents = () =>
  door.keep.audit.list({ limit: 200 }).filter(({ event, facts }) => event.startsWith('token.') && facts?.['format'] === 'jwt');

describe('a JWT access token, RFC 9068', () => {
  test('verifies with the published key and says who, for whom, for what and until when (RFC 9068, 2.2)', async () => {
    const { accessToken, grantId } = await granted(door, agent, { parameters: forNotes });
    const claims = await claimsOf(accessToken);
    const grant = door.grants.find(grantId);
    const now = Math.floor(door.keep.clock.now() / 1000);
    expect(claims).toEqual({
      iss: door.issuer,
      aud: notes.indicator,
      sub: expect.stringMatching(/^person_/) as string,
      client_id: agent.id,
      iat: now,
      exp: now + 60,
      jti: expect.stringMatching(/^.{21,}$/) as string,
      scope: 'accounts',
      authorization_details: grant?.details,
      cnf: { jkt: agent.dpopKey.thumbprint },
      receipt_id: grant?.receiptId,
    });
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
  });

  test('lives 60 seconds at most, and never longer than its grant', async () => {
    const { refreshToken } = await granted(door, agent, { lifetime: '15m', parameters: forNotes });
    await door.advance(15 * 60_000 - 20_000);
    const { body } = await agent.refresh(refreshToken);
    const claims = await claimsOf(String(body['access_token']));
    expect(body['expires_in']).toBe(20);
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(20);
  });

  test('has another jti each time, after a refresh too', async () => {
    const { accessToken, refreshToken } = await granted(door, agent, { parameters: forNotes });
    const { body } = await agent.refresh(refreshToken);
    const [one, other] = [await claimsOf(accessToken), await claimsOf(String(body['access_token']))];
    expect(one['jti']).not.toBe(other['jti']);
    expect(body['token_type']).toBe('DPoP');
  });

  test('is given only for a resource that verifies by itself: the others get opaque ones', async () => {
    const asking = await granted(door, agent, { parameters: { resource: 'http://127.0.0.1:9002/' } });
    const own = await granted(door, agent);
    for (const { accessToken } of [asking, own]) expect(accessToken).toMatch(/^[\w-]{43}$/);
  });

  test('is refused at our own doors, and so is an opaque one for another resource', async () => {
    const signed = await granted(door, agent, { parameters: forNotes });
    const asking = await granted(door, agent, { parameters: { resource: 'http://127.0.0.1:9002/' } });
    for (const { accessToken } of [signed, asking]) {
      const { status, body } = await callOwnDoor(accessToken);
      expect([status, body]).toEqual([401, expect.stringContaining('token_invalid')]);
    }
    expect((await callOwnDoor((await granted(door, agent)).accessToken)).status).toBe(200);
  });

  test('is neither introspected nor revoked: it says so where the standard has a word for it (RFC 7009, 2.2.1; RFC 7662, 2.2)', async () => {
    const { accessToken, grantId } = await granted(door, agent, { parameters: forNotes });
    expect((await agent.post('/introspect', { token: accessToken })).body).toEqual({ active: false });
    const revoked = await agent.post('/revoke', { token: accessToken });
    expect([revoked.status, revoked.body['error']]).toEqual([400, 'unsupported_token_type']);
    expect(door.grants.find(grantId)?.endedAt).toBeUndefined();
  });

  test('tells the grant until when nobody can stop it', async () => {
    const { grantId, refreshToken } = await granted(door, agent, { parameters: forNotes });
    const until = (Math.floor(door.keep.clock.now() / 1000) + 60) * 1000;
    expect(door.grants.find(grantId)?.unstoppableUntil).toBe(until);
    await door.advance(30_000);
    await agent.refresh(refreshToken);
    expect(door.grants.find(grantId)?.unstoppableUntil).toBe(until + 30_000);
  });

  test('is one and no more where the grant is for once: nobody here sees its use (RFC 9396, 5)', async () => {
    const once = await granted(door, agent, { lifetime: 'once', parameters: forNotes });
    expect(once.refreshToken).toBe('undefined');
    expect(door.grants.find(once.grantId)).toMatchObject({ usesReserved: 1 });
    expect((await agent.poll(once.authReqId)).body['error']).toBe('invalid_grant');
  });

  test('is never signed while locked (security rule 23)', async () => {
    const { refreshToken } = await granted(door, agent, { parameters: forNotes });
    const before = signedEvents().length;
    door.keep.vault.lock();
    const { status, body } = await agent.refresh(refreshToken);
    expect([status, body['error']]).toEqual([503, 'temporarily_unavailable']);
    await door.keep.unlock();
    expect(signedEvents()).toHaveLength(before);
  });

  test('is not given once its server was removed', async () => {
    const { refreshToken } = await granted(door, agent, { parameters: forNotes });
    door.locals.shift();
    expect((await agent.refresh(refreshToken)).body['error']).toMatch(/^invalid_(grant|target)$/);
  });
});

describe('a local resource, RFC 8707', () => {
  test.each([
    'http://127.0.0.1:9001/mcp/',
    'http://127.0.0.1:9001',
    'HTTP://127.0.0.1:9001/mcp',
    'http://localhost:9001/mcp',
    'http://127.0.0.1:9001/mcp?x=1',
  ])('is named in one spelling only: not as %s', async (resource) => {
    const { body } = await agent.post('/bc-authorize', question(resource));
    expect([body['error'], String(body['hint'])]).toEqual(['invalid_target', expect.stringContaining(notes.indicator)]);
  });

  test('has no proxy', async () => {
    const { body } = await agent.post('/bc-authorize', question(`${door.issuer}/proxy/${notes.id}`));
    expect(body['error']).toBe('invalid_target');
  });

  test('takes no details that are for another place, and its own when they name it (RFC 9396, 2.2)', async () => {
    const [detail] = JSON.parse(question(notes.indicator)['authorization_details'] ?? '[]') as [Record<string, unknown>];
    const asked = (locations: readonly string[]) =>
      agent.post('/bc-authorize', {
        ...question(notes.indicator),
        authorization_details: JSON.stringify([{ ...detail, locations }]),
      });
    expect((await asked(['http://127.0.0.1:9002/'])).body['error']).toBe('invalid_authorization_details');
    expect((await asked([notes.indicator])).status).toBe(200);
  });
});

describe('what was granted', () => {
  test('is the same, byte for byte, in token response, JWT, introspection and receipt (RFC 9396, 7 and 9)', async () => {
    const asked = [
      { type: 'account_information', actions: ['list_accounts', 'read_balances'] },
      { actions: ['read_transactions'], type: 'account_information', identifier: 'main' },
    ];
    const narrowed = [{ type: 'account_information', actions: ['read_balances'] }, asked[1]] as never;
    const parameters = { authorization_details: JSON.stringify(asked) };
    const forms: string[] = [];
    for (const resource of [notes.indicator, 'http://127.0.0.1:9002/']) {
      const { refreshToken, grantId } = await granted(door, agent, { details: narrowed, parameters: { resource, ...parameters } });
      const { body } = await agent.refresh(refreshToken);
      const token = String(body['access_token']);
      const carried =
        resource === notes.indicator ? await claimsOf(token) : (await serverPost({ door, key: serverKey }, { token })).body;
      const receipt = door.approvals.findReceipt(door.grants.find(grantId)?.receiptId ?? asId(''));
      forms.push(...[body['authorization_details'], carried['authorization_details'], receipt?.details].map(canonicalJson));
      expect([body['scope'], carried['scope'], receipt?.scopes?.join(' ')]).toEqual(['accounts', 'accounts', 'accounts']);
    }
    expect(forms).toHaveLength(6);
    expect(new Set(forms)).toEqual(new Set([canonicalJson(narrowed)]));
  });
});

describe('a JWT access token and its audit row are one commit (goal R2)', () => {
  /** Fails the `n`th commit of what `task` does; says whether there was one. */
  async function failing(n: number, task: () => Promise<void>): Promise<boolean> {
    let count = 0;
    const stop = onCommit(door.keep.store, (run) => {
      count += 1;
      if (count === n) throw new Refusal('store_failed', 'The disk is full.');
      run();
    });
    await task();
    stop();
    return count >= n;
  }

  const jtisOf = async (tokens: readonly string[]) =>
    Promise.all(tokens.map(async (token) => hashOf(String((await claimsOf(token))['jti']))));

  test('at whichever commit the store fails, no token leaves without its row', async () => {
    const first = await granted(door, agent, { parameters: forNotes });
    const given = [first.accessToken];
    let refreshToken = first.refreshToken;
    let reached = true;
    for (let n = 1; reached && n <= 8; n += 1) {
      reached = await failing(n, async () => {
        const proof = proofFor(agent.dpopKey, { htm: 'POST', htu: `${door.issuer}/token`, nonce: door.server.nonce() });
        const { status, body } = await agent.post(
          '/token',
          { grant_type: 'refresh_token', refresh_token: refreshToken },
          { headers: { DPoP: proof } },
        );
        if (status === 200) {
          given.push(String(body['access_token']));
          refreshToken = String(body['refresh_token']);
        } else {
          expect(JSON.stringify(body)).not.toMatch(/access_token|eyJ/);
          expect(status).toBe(503);
        }
      });
    }
    expect(reached).toBe(false);
    const { status } = await agent.refresh(refreshToken);
    expect(status).toBe(200);
    const rows = signedEvents().map(({ hashes }) => hashes?.['jti']);
    expect(rows).toEqual(expect.arrayContaining(await jtisOf(given)));
    expect(rows).toHaveLength(given.length + 1);
  });

  test('in that commit are the grant, the refresh tokens and both events', async () => {
    const { refreshToken } = await granted(door, agent, { parameters: forNotes });
    const changes: Change[] = [];
    const stop = onCommit(door.keep.store, (run, change) => {
      changes.push(change);
      run();
    });
    await agent.refresh(refreshToken);
    stop();
    const whole = changes.filter((change) => change.some(({ sql }) => sql.startsWith('UPDATE grants')));
    expect(whole).toHaveLength(1);
    const sql = whole[0]?.map((statement) => statement.sql.split(' ').slice(0, 3).join(' ')) ?? [];
    expect(sql).toEqual(expect.arrayContaining(['UPDATE server_payloads SET', 'INSERT INTO server_payloads', 'UPDATE grants SET']));
    expect(sql.filter((text) => text === 'INSERT INTO audit')).toHaveLength(2);
  });
});
