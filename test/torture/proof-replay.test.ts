import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { ProofVerifier } from '../../src/authserver/verify-proof.ts';
import { isRefusal } from '../../src/base/errors.ts';
import { hashOf } from '../../src/base/ids.ts';
import { type Door, openAuthServer } from '../authserver/support/open-authserver.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { goal } from './goal.ts';
import { type Claims, newProofKey, type ProofKey, signProof, spellings } from './proofs/respelled-proofs.ts';

const url = 'http://127.0.0.1:7417/proxy/demo/accounts';
/** One key sends more that are refused than an agent may. */
const unlimited = { 'failed-proofs': Number.POSITIVE_INFINITY };
/** The whole count is proofs that were sent; this many go on over HTTP. */
const restartEvery = 2_000;

interface Sent {
  readonly key: ProofKey;
  readonly claims: Claims;
  readonly text: string;
}

const requestWith = (proof: string): IncomingMessage =>
  ({ method: 'GET', headersDistinct: { dpop: [proof] } }) as unknown as IncomingMessage;

function isAccepted(verifier: ProofVerifier, proof: string): boolean {
  try {
    verifier.verify(requestWith(proof), { url });
    return true;
  } catch (error) {
    if (isRefusal(error, 'proof_invalid', 'proof_replayed', 'nonce_required')) return false;
    throw error;
  }
}

const claimsNow = (at: number, nonce: string, target = url): Claims => ({
  jti: randomUUID(),
  htm: 'GET',
  htu: target,
  iat: Math.floor(at / 1000),
  nonce,
});

test('of a million proofs, however they are spelled or signed again, none is taken twice, a restart in between included (goal S2, security rule 18)', async () => {
  const { count, random, report } = goal('S2', 1_000_000);
  const clock = createFakeClock();
  const keys = [...Array.from({ length: 6 }, () => newProofKey('ES256')), newProofKey('EdDSA'), newProofKey('EdDSA')];
  const pick = <One>(many: readonly One[]): One => many[Math.floor(random() * many.length)] as One;
  let verifier = new ProofVerifier(clock, unlimited);
  let sent: Sent[] = [];
  let [first, second, restarts, presented] = [0, 0, 0, 0];
  const again = (one: Sent): void => {
    const { name, spell } = pick(spellings);
    presented += 1;
    if (!isAccepted(verifier, spell(one.text, { ...one, nonce: verifier.nonces.next() }))) return;
    second += 1;
    expect.soft(name, 'was taken a second time').toBe('');
  };
  while (presented < count) {
    const key = pick(keys);
    const claims = claimsNow(clock.now(), verifier.nonces.next());
    const text = signProof(key, claims);
    presented += 1;
    expect(isAccepted(verifier, text)).toBe(true);
    first += 1;
    sent.push({ key, claims, text });
    for (let turn = 0; turn < 8; turn += 1) again(pick(sent));
    if (random() < 0.01) await clock.advance(Math.floor(random() * 70_000));
    if (sent.length > 1_000) sent = sent.slice(-500);
    if (presented >= (restarts + 1) * restartEvery) {
      restarts += 1;
      // A new run knows nothing of the one before, as with an older database: its nonces are what refuses.
      verifier = new ProofVerifier(clock, unlimited);
      for (const { text: before } of sent.slice(-100)) {
        presented += 1;
        if (isAccepted(verifier, before)) second += 1;
      }
      sent = [];
    }
  }
  expect([second, restarts > 0, first > count / 20]).toEqual([0, true, true]);
  report(`${second} taken a second time, ${first.toLocaleString('en')} taken once, ${restarts} restarts`);
});

test('the same jti of another key is another proof, in each of the keys', () => {
  const clock = createFakeClock();
  const verifier = new ProofVerifier(clock, unlimited);
  const claims = claimsNow(clock.now(), verifier.nonces.next());
  for (const key of [newProofKey('ES256'), newProofKey('ES256'), newProofKey('EdDSA')]) {
    expect(isAccepted(verifier, signProof(key, claims))).toBe(true);
    expect(isAccepted(verifier, signProof(key, claims))).toBe(false);
  }
});

let door: Door | undefined;
afterEach(async () => {
  await door?.close();
  door = undefined;
});

test('over HTTP no spelling is taken twice, before and after a restart (security rule 18)', async () => {
  door = await openAuthServer();
  const key = newProofKey('ES256');
  const token = 'made-up';
  const target = `${door.issuer}/proxy/demo/accounts`;
  const isTaken = async (proof: string): Promise<boolean> => {
    const response = await fetch(target, { headers: { authorization: `DPoP ${token}`, DPoP: proof } }).catch(() => undefined);
    // The proof was good: what is refused next is the token.
    return ((await response?.json()) as { readonly code?: string } | undefined)?.code === 'token_invalid';
  };
  for (const { name, spell } of spellings) {
    const claims = { ...claimsNow(door.keep.clock.now(), door.server.nonce(), target), ath: hashOf(token) };
    const text = signProof(key, claims);
    expect(await isTaken(text)).toBe(true);
    // HTTP takes white space around a field's value away, which leaves the same text.
    expect(await isTaken(spell(text, { key, claims, nonce: door.server.nonce() })), name).toBe(false);
  }
  const claims = { ...claimsNow(door.keep.clock.now(), door.server.nonce(), target), ath: hashOf(token) };
  const text = signProof(key, claims);
  expect(await isTaken(text)).toBe(true);
  door = await door.restart();
  for (const { name, spell } of spellings) expect(await isTaken(spell(text, { key, claims, nonce: 'old' })), name).toBe(false);
});
