import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { provenThumbprint } from '../../resources/demo/pin-server.ts';
import { ServerProof } from '../../src/authserver/prove-server.ts';
import { parsePublicJwk } from '../../src/base/public-key.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';
import { type Door, openAuthServer } from './support/open-authserver.ts';

const challenge = (): string => randomBytes(32).toString('base64url');
const ask = (issuer: string, query: string) => fetch(`${issuer}/.well-known/counterfoil-server${query}`);
const partsOf = (jws: string) =>
  jws
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);

describe('the server proves its key', () => {
  let door: Door;

  afterEach(() => door.close());

  test('to whoever asks with a challenge, and again after it was locked (security rule 29)', async () => {
    door = await openAuthServer();
    const key = parsePublicJwk(door.keep.vault.serverPublicJwk())?.thumbprint;
    expect(await provenThumbprint(door)).toBe(key);
    door.keep.vault.lock();
    expect(await provenThumbprint(door)).toBe(key);
  });

  test('not before the first unlock of a run: then it says that it is locked (security rule 29)', async () => {
    door = await openAuthServer();
    await provenThumbprint(door);
    door = await door.restart();
    const key = parsePublicJwk(door.keep.vault.serverPublicJwk())?.thumbprint;
    expect(await provenThumbprint(door)).toBe(key);
  });

  test('not before there is a vault', async () => {
    door = await openAuthServer({ vault: 'absent' });
    expect((await ask(door.issuer, `?challenge=${challenge()}`)).status).toBe(503);
  });

  test.each(['', '?challenge=', '?challenge=short', `?challenge=${'a'.repeat(44)}`, `?challenge=${'='.repeat(43)}`])(
    'not to a challenge that is none: %j',
    async (query) => {
      door = await openAuthServer();
      const answer = await ask(door.issuer, query);
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([400, 'invalid_request']);
    },
  );

  test('for its own address and this challenge, for a minute, and never to a page (security rule 29)', async () => {
    door = await openAuthServer();
    const question = challenge();
    const { proof } = (await (await ask(door.issuer, `?challenge=${question}`)).json()) as { proof: string };
    const [header, payload] = partsOf(proof);
    expect(header).toMatchObject({ alg: 'ES256', typ: 'counterfoil-proof+jwt' });
    expect(payload).toMatchObject({ iss: door.issuer, challenge: question, way: 'port' });
    expect(Number(payload?.['exp']) - Number(payload?.['iat'])).toBe(60);
    const url = `${door.issuer}/.well-known/counterfoil-server?challenge=${question}`;
    expect((await fetch(url, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
  });

  test('over the socket by a proof that is none for the port', async () => {
    door = await openAuthServer();
    const [, payload] = partsOf(door.server.prove(challenge()));
    expect(payload).toMatchObject({ way: 'socket' });
  });
});

describe('the word of the server key for the key of a run', () => {
  let keep: Keep;

  beforeEach(async () => {
    keep = await openKeep();
  });
  afterEach(() => keep.close());

  const proofOf = () => new ServerProof({ vault: keep.vault, clock: keep.clock, issuer: 'http://127.0.0.1:7417' });
  const vouchedUntil = (proof: ServerProof): number => {
    const [, payload] = partsOf(proof.prove(challenge(), 'port'));
    const [, vouched] = partsOf(String(payload?.['vouched']));
    return Number(vouched?.['exp']) * 1000;
  };

  test('is given at unlock, unasked, and ends after a day while locked (security rule 29)', async () => {
    keep.vault.lock();
    const proof = proofOf();
    expect(() => proof.prove(challenge(), 'port')).toThrow(expect.objectContaining({ code: 'vault_locked' }));
    await keep.unlock();
    keep.vault.lock();
    expect(vouchedUntil(proof)).toBe(keep.clock.now() + 24 * 3_600_000);
    await keep.clock.advance(24 * 3_600_000);
    expect(() => proof.prove(challenge(), 'port')).toThrow(expect.objectContaining({ code: 'vault_locked' }));
  });

  test('is renewed while unlocked', async () => {
    const proof = proofOf();
    const first = vouchedUntil(proof);
    await keep.clock.advance(13 * 3_600_000);
    expect(vouchedUntil(proof)).toBeGreaterThan(first);
  });
});
