import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProofNonces } from '../../src/authserver/proof-nonces.ts';
import { ProofReplays } from '../../src/authserver/proof-replays.ts';
import { sameTarget } from '../../src/authserver/same-target.ts';
import { hashOf } from '../../src/base/ids.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import type { Granted } from './support/granted.ts';
import { granted } from './support/granted.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { StockAgent } from './support/stock-agent.ts';
import { newKey, proofFor, question, registerAgent, signJwt } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;
let tokens: Granted;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
  tokens = await granted(door, agent);
});

afterEach(() => door.close());

type Claims = Readonly<Record<string, unknown>>;

const callUrl = () => `${door.issuer}/proxy/demo/accounts`;
const goodClaims = (): Claims => ({ htm: 'GET', htu: callUrl(), ath: hashOf(tokens.accessToken), nonce: door.server.nonce() });
const goodProof = (claims: Claims = {}, header: Claims = {}): string =>
  proofFor(agent.dpopKey, { ...goodClaims(), ...claims }, header);

/** One call with headers as written; Node's fetch would join two of a name. */
function call(
  headers: readonly (readonly [string, string])[],
  path = '/proxy/demo/accounts',
): Promise<{ status: number; error: unknown; body: Record<string, unknown>; nonce: unknown }> {
  return new Promise((resolve, reject) => {
    const { hostname, port, host } = new URL(door.issuer);
    const request = httpRequest(
      { hostname, port, path, agent: false, headers: [['Host', host], ...headers].flat() },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const body = JSON.parse(text) as Record<string, unknown>;
          resolve({ status: response.statusCode ?? 0, error: body['code'], body, nonce: response.headers['dpop-nonce'] });
        });
      },
    );
    request.on('error', reject).end();
  });
}

const withProof = (proof: string, token = tokens.accessToken) =>
  call([
    ['Authorization', `DPoP ${token}`],
    ['DPoP', proof],
  ]);

describe('DPoP, RFC 9449 4.3', () => {
  test('a good proof names the agent and the grant', async () => {
    expect((await withProof(goodProof())).body).toEqual({ agentId: agent.id, grantId: tokens.grantId });
  });

  test('an Ed25519 proof is good too', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' });
    const text = [
      { typ: 'dpop+jwt', alg: 'EdDSA', jwk },
      { ...goodClaims(), jti: randomUUID(), iat: Math.floor(Date.now() / 1000) },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const proof = `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
    // the token is bound to another key: the proof itself has passed
    expect((await withProof(proof)).error).toBe('key_mismatch');
  });

  test('check 1: no header is proof_required', async () => {
    expect((await call([['Authorization', `DPoP ${tokens.accessToken}`]])).error).toBe('proof_required');
  });

  test('check 1: two headers are refused', async () => {
    const answer = await call([
      ['Authorization', `DPoP ${tokens.accessToken}`],
      ['DPoP', goodProof()],
      ['DPoP', goodProof()],
    ]);
    expect(answer.error).toBe('proof_invalid');
  });

  test.each([
    ['a comma between two', (proof: string) => `${proof}, ${proof}`],
    ['no JWT', () => 'proof'],
    ['two segments', (proof: string) => proof.split('.').slice(0, 2).join('.')],
    ['four segments', (proof: string) => `${proof}.x`],
    ['padding', (proof: string) => `${proof}==`],
    ['a space inside', (proof: string) => proof.replace('.', ' .')],
    ['the other base64 alphabet', (proof: string) => `${proof.slice(0, -4)}+/+/`],
    ['an empty signature', (proof: string) => `${proof.split('.').slice(0, 2).join('.')}.`],
    ['loose last bits', (proof: string) => `${proof.slice(0, -1)}${String.fromCharCode(proof.charCodeAt(proof.length - 1) + 1)}`],
    ['more than 8 KiB', (proof: string) => `${proof}${'A'.repeat(8192)}`],
  ])('check 2: %s is not one well-formed JWT', async (_what, spoil) => {
    expect((await withProof(spoil(goodProof()))).error).toBe('proof_invalid');
  });

  test.each(['jti', 'htm', 'htu', 'iat', 'ath'])('check 3: without %s it is refused', async (claim) => {
    expect((await withProof(goodProof({ [claim]: undefined }))).error).toBe('proof_invalid');
  });

  test.each([
    ['jti', 7],
    ['jti', ''],
    ['jti', 'x'.repeat(257)],
    ['htm', null],
    ['htu', {}],
    ['iat', 'now'],
    ['nonce', 7],
  ])('check 3: %s of %j is refused', async (claim, value) => {
    expect((await withProof(goodProof({ [claim]: value }))).error).toBe('proof_invalid');
  });

  test.each(['jwt', 'DPOP+JWT', undefined, 'application/dpop+jwt'])('check 4: typ %j is refused', async (typ) => {
    expect((await withProof(goodProof({}, { typ }))).error).toBe('proof_invalid');
  });

  test.each(['none', 'HS256', 'RS256', 'ES384', 'EdDSA', 'es256', undefined])(
    'check 5: alg %j with a P-256 key is refused',
    async (alg) => {
      expect((await withProof(goodProof({}, { alg }))).error).toBe('proof_invalid');
    },
  );

  test.each(['crit', 'b64'])('check 5: a header with %s is refused', async (member) => {
    expect((await withProof(goodProof({}, { [member]: ['b64'] }))).error).toBe('proof_invalid');
  });

  test('check 6: a signature by another key is refused', async () => {
    const other = await newKey();
    expect((await withProof(proofFor(other, goodClaims(), { jwk: agent.dpopKey.jwk }))).error).toBe('proof_invalid');
  });

  test('check 6: claims changed after signing are refused', async () => {
    const [header, , signature] = goodProof().split('.');
    const payload = Buffer.from(JSON.stringify({ ...goodClaims(), jti: 'x', iat: Math.floor(Date.now() / 1000) })).toString(
      'base64url',
    );
    expect((await withProof([header, payload, signature].join('.'))).error).toBe('proof_invalid');
  });

  test.each(['d', 'k', 'p', 'priv'])('check 7: a jwk with %s is refused', async (member) => {
    expect((await withProof(goodProof({}, { jwk: { ...agent.dpopKey.jwk, [member]: 'AAAA' } }))).error).toBe('proof_invalid');
  });

  test.each([
    ['none', undefined],
    ['text', 'jwk'],
    ['of another curve', { kty: 'EC', crv: 'P-384', x: 'A', y: 'A' }],
    ['off the curve', { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['symmetric', { kty: 'oct', k: 'AAAA' }],
  ])('check 7: a jwk that is %s is refused', async (_what, jwk) => {
    expect((await withProof(goodProof({}, { jwk }))).error).toBe('proof_invalid');
  });

  test.each(['POST', 'get', ''])('check 8: htm %j is refused', async (htm) => {
    expect((await withProof(goodProof({ htm }))).error).toBe('proof_invalid');
  });

  test.each([
    () => `${door.issuer}/proxy/demo/other`,
    () => `${door.issuer}/proxy/demo`,
    () => `${door.issuer}/token`,
    () => 'http://127.0.0.1:1/proxy/demo/accounts',
    () => 'http://localhost/proxy/demo/accounts',
    () => `${callUrl()}/`,
    () => callUrl().replace('http:', 'https:'),
    () => callUrl().replace('http://', 'http://user@'),
    () => '/proxy/demo/accounts',
  ])('check 9: another htu is refused (%#)', async (htu) => {
    expect((await withProof(goodProof({ htu: htu() }))).error).toBe('proof_invalid');
  });

  test('check 9: query and fragment of htu are ignored, and its spelling is normalised', async () => {
    expect((await withProof(goodProof({ htu: `${callUrl()}?a=b#c` }))).status).toBe(200);
    expect((await withProof(goodProof({ htu: callUrl().replace('accounts', '%61ccounts').replace('http', 'HTTP') }))).status).toBe(
      200,
    );
  });

  test.each([undefined, 'made-up'])('check 10: nonce %j is refused with a fresh one (security rule 18)', async (nonce) => {
    const answer = await withProof(goodProof({ nonce }));
    expect(answer.error).toBe('nonce_required');
    expect((await withProof(goodProof({ nonce: answer.nonce }))).status).toBe(200);
  });

  test('check 10: a nonce is good for at most a minute (security rule 18)', async () => {
    const nonce = door.server.nonce();
    await door.advance(60_000);
    expect((await withProof(goodProof({ nonce }))).error).toBe('nonce_required');
  });

  test('check 10: a nonce of an earlier run is refused (security rule 18)', async () => {
    const proof = goodProof();
    door = await door.restart();
    expect((await withProof(proof)).error).toBe('nonce_required');
  });

  test.each([
    [-60, 200],
    [-61, 401],
    [5, 200],
    [6, 401],
  ])('check 11: iat %i seconds from now gets %i', async (seconds, status) => {
    expect((await withProof(goodProof({ iat: Math.floor(Date.now() / 1000) + seconds }))).status).toBe(status);
  });

  test('check 12: the hash of another token is refused', async () => {
    expect((await withProof(goodProof({ ath: hashOf('another') }))).error).toBe('proof_invalid');
  });

  test('check 12: a proof by a key that the token is not bound to is refused', async () => {
    expect((await withProof(proofFor(await newKey(), goodClaims()))).error).toBe('key_mismatch');
  });

  test('section 11.1: a proof that was used is refused (security rule 18)', async () => {
    const proof = goodProof();
    expect((await withProof(proof)).status).toBe(200);
    expect((await withProof(proof)).error).toBe('proof_replayed');
  });

  test('section 11.1: of racing copies one passes (security rule 18)', async () => {
    const proof = goodProof();
    const answers = await Promise.all(Array.from({ length: 8 }, () => withProof(proof)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  });

  test('section 11.1: the same jti signed again is a replay (security rule 18)', async () => {
    const jti = randomUUID();
    expect((await withProof(goodProof({ jti }))).status).toBe(200);
    expect((await withProof(goodProof({ jti, extra: 1 }))).error).toBe('proof_replayed');
  });

  test('a refused proof does not spend its jti', async () => {
    const jti = randomUUID();
    await withProof(goodProof({ jti, htm: 'POST' }));
    expect((await withProof(goodProof({ jti }))).status).toBe(200);
  });
});

describe('DPoP, RFC 9449 section 7: the token', () => {
  const authorized = (authorization: string) =>
    call([
      ['Authorization', authorization],
      ['DPoP', goodProof()],
    ]);

  test('missing is said so', async () => {
    expect((await call([['DPoP', goodProof()]])).error).toBe('token_missing');
  });

  test('as a bearer token is refused', async () => {
    expect((await authorized(`Bearer ${tokens.accessToken}`)).error).toBe('token_invalid');
  });

  test.each(['DPoP', 'DPoP a b', 'Basic YTpi', 'DPoP "x"'])('%j is refused', async (authorization) => {
    expect((await authorized(authorization)).status).toBe(401);
  });

  test('that nobody gave is refused', async () => {
    expect((await withProof(goodProof({ ath: hashOf('made-up') }), 'made-up')).error).toBe('token_invalid');
  });

  test('that is a refresh token is refused', async () => {
    expect((await withProof(goodProof({ ath: hashOf(tokens.refreshToken) }), tokens.refreshToken)).error).toBe('token_invalid');
  });

  test('that has expired is refused', async () => {
    await door.advance(300_000);
    expect((await withProof(goodProof())).error).toBe('token_invalid');
  });

  test('for another resource is refused', async () => {
    const htu = `${door.issuer}/proxy/archive/accounts`;
    const answer = await call(
      [
        ['Authorization', `DPoP ${tokens.accessToken}`],
        ['DPoP', goodProof({ htu })],
      ],
      '/proxy/archive/accounts',
    );
    expect(answer.error).toBe('token_invalid');
  });

  test('for a resource whose name only begins the same is refused', async () => {
    const htu = `${door.issuer}/proxy/demolition`;
    const answer = await call(
      [
        ['Authorization', `DPoP ${tokens.accessToken}`],
        ['DPoP', goodProof({ htu })],
      ],
      '/proxy/demolition',
    );
    expect(answer.error).toBe('token_invalid');
  });

  test('stops with its grant, at once', async () => {
    expect((await withProof(goodProof())).status).toBe(200);
    door.grants.end(tokens.grantId, 'revoked');
    expect((await withProof(goodProof())).error).toBe('grant_revoked');
  });

  test('stops with the agent, at once', async () => {
    door.agents.pauseAll();
    expect((await withProof(goodProof())).error).toBe('agents_paused');
  });

  test('is not looked at while locked', async () => {
    door.keep.vault.lock();
    expect((await withProof(goodProof())).error).toBe('vault_locked');
  });
});

describe('DPoP, RFC 9449 sections 5 and 8: the token endpoint', () => {
  const proofAt = (claims: Claims) => proofFor(agent.dpopKey, { htm: 'POST', htu: `${door.issuer}/token`, ...claims });
  const refresh = (proof: string | null) => agent.refresh(tokens.refreshToken, { proof });

  test('refuses a request without a proof', async () => {
    const answer = await refresh(null);
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_dpop_proof']);
    expect(answer.headers.get('content-type')).toContain('application/json');
  });

  test('asks for its nonce, and gives one with every answer (security rule 18)', async () => {
    const answer = await refresh(proofAt({}));
    expect([answer.status, answer.body['error']]).toEqual([400, 'use_dpop_nonce']);
    const nonce = answer.headers.get('dpop-nonce');
    const good = await refresh(proofAt({ nonce }));
    expect(good.status).toBe(200);
    expect(good.headers.get('dpop-nonce')).toBe(door.server.nonce());
  });

  test('refuses an old nonce (security rule 18)', async () => {
    const nonce = door.server.nonce();
    await door.advance(60_000);
    expect((await refresh(proofAt({ nonce }))).body['error']).toBe('use_dpop_nonce');
  });

  test('refuses a proof that was used (security rule 18)', async () => {
    const proof = proofAt({ nonce: door.server.nonce() });
    await agent.poll('unknown', { proof });
    expect((await refresh(proof)).body).toMatchObject({ error: 'invalid_dpop_proof' });
  });

  test('wants its nonce in a proof that is a courtesy too (security rule 18)', async () => {
    const ask = (nonce?: string) =>
      agent.post('/bc-authorize', question(agent.resource), {
        headers: { DPoP: proofFor(agent.dpopKey, { htm: 'POST', htu: `${door.issuer}/bc-authorize`, nonce }) },
      });
    const answer = await ask();
    expect([answer.status, answer.body['error']]).toEqual([400, 'use_dpop_nonce']);
    expect((await ask(answer.headers.get('dpop-nonce') ?? '')).status).toBe(200);
  });

  test('refuses a proof for another endpoint', async () => {
    expect((await refresh(proofAt({ nonce: door.server.nonce(), htu: callUrl() }))).body['error']).toBe('invalid_dpop_proof');
  });

  test('pins the key of the first poll: another key does not redeem', async () => {
    const asked = await agent.ask();
    const leaving = new AbortController();
    const first = agent.poll(asked.auth_req_id, { signal: leaving.signal });
    for (let turn = 0; turn < 50_000 && door.onlyPending().pinnedJkt === undefined; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    expect(door.onlyPending().pinnedJkt).toBe(agent.dpopKey.thumbprint);
    leaving.abort();
    await expect(first).rejects.toThrow();
    door.approve(door.onlyPending());
    expect((await agent.poll(asked.auth_req_id, { dpopKey: await newKey() })).body['error']).toBe('invalid_grant');
    expect((await agent.poll(asked.auth_req_id)).status).toBe(200);
  });
});

describe('what proofs are checked with', () => {
  test('nonces of two runs are strangers (security rule 18)', () => {
    const clock = createFakeClock();
    expect(new ProofNonces(clock).isFresh(new ProofNonces(clock).next())).toBe(false);
  });

  test('a nonce lives at least half a minute and at most one', async () => {
    for (const offset of [0, 1, 14_999, 29_999]) {
      const clock = createFakeClock(1_000_000_020_000 + offset);
      const nonces = new ProofNonces(clock);
      const nonce = nonces.next();
      await clock.advance(30_000);
      expect(nonces.isFresh(nonce)).toBe(true);
      await clock.advance(30_000);
      expect(nonces.isFresh(nonce)).toBe(false);
    }
  });

  test('a nonce that is over stays so when the clock is set back to its time (security rule 18, goal R3)', async () => {
    const clock = createFakeClock();
    const nonces = new ProofNonces(clock);
    const nonce = nonces.next();
    await clock.advance(90_000);
    clock.set(clock.now() - 90_000);
    expect(nonces.isFresh(nonce)).toBe(false);
    expect(nonces.isFresh(nonces.next())).toBe(true);
  });

  test('a nonce does not live on while the machine sleeps (goal R3)', () => {
    const clock = createFakeClock();
    const nonces = new ProofNonces(clock);
    const nonce = nonces.next();
    clock.set(clock.now() + 60_000);
    expect(nonces.isFresh(nonce)).toBe(false);
  });

  test('a used proof is remembered for its whole life, whenever it came', async () => {
    for (const offset of [0, 1, 32_000, 64_999]) {
      const clock = createFakeClock();
      const replays = new ProofReplays(clock, 65);
      replays.isFirstUse('key', 'warm-up');
      await clock.advance(offset);
      expect(replays.isFirstUse('key', 'jti')).toBe(true);
      await clock.advance(64_999);
      expect(replays.isFirstUse('key', 'jti')).toBe(false);
    }
  });

  test('the same jti of two keys is two proofs', () => {
    const replays = new ProofReplays(createFakeClock(), 65);
    expect([replays.isFirstUse('one', 'jti'), replays.isFirstUse('two', 'jti')]).toEqual([true, true]);
  });

  test.each([
    ['http://127.0.0.1:80/a', 'http://127.0.0.1/a', true],
    ['http://127.0.0.1', 'http://127.0.0.1/', true],
    ['http://127.0.0.1/%7Ea', 'http://127.0.0.1/~a', true],
    ['http://127.0.0.1/%2f', 'http://127.0.0.1/%2F', true],
    ['http://127.0.0.1/a%2Fb', 'http://127.0.0.1/a/b', false],
    ['http://127.0.0.1/a', 'http://127.0.0.1/A', false],
  ])('%s and %s are one target: %s', (one, other, same) => {
    expect(sameTarget(one, other)).toBe(same);
  });

  test('the helper signs what the server verifies', async () => {
    const key = await newKey();
    expect(signJwt(key, { alg: 'ES256' }, {}).split('.')).toHaveLength(3);
  });
});
