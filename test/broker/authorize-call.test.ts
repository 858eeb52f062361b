import { createHash, createPublicKey, verify } from 'node:crypto';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asId } from '../../src/base/ids.ts';
import { Secret } from '../../src/base/secret.ts';
import type { CallFacts } from '../../src/details/details.ts';
import {
  addAgent,
  addGrant,
  type BrokerBench,
  eventsOf,
  exchanges,
  hasKey,
  listAccounts,
  openBroker,
  resourceId,
} from './open-broker.ts';

let bench: BrokerBench;
beforeEach(async () => {
  bench = await openBroker();
});
afterEach(() => bench.stop());

const payment = {
  instructedAmount: { currency: 'EUR', amount: '180.00' },
  creditorName: 'Nordwind Office GmbH',
  creditorAccount: { iban: 'DE02120300000000202051' },
};
const payCall = (amount: string): CallFacts => ({
  method: 'POST',
  path: '/payments',
  query: new URLSearchParams(),
  body: { ...payment, instructedAmount: { currency: 'EUR', amount } },
});

describe('a call that may go out', () => {
  test('has an address inside the resource, a token and a proof bound to the broker key', async () => {
    const grant = addGrant(bench, bench.connection);
    const call = await bench.broker.authorizeCall(grant.id, resourceId, listAccounts);
    expect(call.url.href).toBe('http://127.0.0.1:9/accounts');
    const { authorization, dpop } = call.credentials('a-nonce');
    const token = authorization.replace('DPoP ', '');
    const { jwk, typ } = decodeProtectedHeader(dpop) as { jwk: JWK; typ: string };
    expect(typ).toBe('dpop+jwt');
    expect(Object.keys(jwk).toSorted()).toEqual(['crv', 'kty', 'x', 'y']);
    expect(decodeJwt(dpop)).toMatchObject({
      htm: 'GET',
      htu: 'http://127.0.0.1:9/accounts',
      nonce: 'a-nonce',
      ath: createHash('sha256').update(token).digest('base64url'),
    });
    const [header, claims, signature] = dpop.split('.');
    const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature ?? '', 'base64url'))).toBe(true);
    const facts = await bench.connections.introspect(bench.connection.id, Secret.fromText(token));
    expect(facts).toMatchObject({ jkt: await calculateJwkThumbprint(jwk), actorSubject: grant.agentId });
    call.finish({ status: 200 });
    expect(eventsOf(bench, grant).map(({ event }) => event)).toEqual([
      'grant.created',
      'upstream.exchanged',
      'call.forwarded',
      'call.answered',
    ]);
  });

  test('sends an actor token by the profile: typ, iss, sub, aud, at most 60 seconds, jti, the key in the header', async () => {
    const grant = addGrant(bench, bench.connection);
    await bench.broker.authorizeCall(grant.id, resourceId, listAccounts);
    const exchange = bench.provider.requests.find(({ form }) => form.has('actor_token'));
    const actor = exchange?.form.get('actor_token') ?? '';
    const claims = decodeJwt(actor);
    expect(decodeProtectedHeader(actor)).toMatchObject({ typ: 'actor+jwt', alg: 'ES256' });
    expect(decodeProtectedHeader(actor).jwk).toEqual(decodeProtectedHeader(exchange?.proof ?? '').jwk);
    expect(claims).toMatchObject({ iss: 'counterfoil', sub: grant.agentId, aud: bench.provider.issuer });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
    expect(claims.jti).toHaveLength(22);
  });

  test('exchanges once per grant, however many calls come at once, and again shortly before the token ends', async () => {
    const grant = addGrant(bench, bench.connection);
    const calls = await Promise.all(
      Array.from({ length: 20 }, () => bench.broker.authorizeCall(grant.id, resourceId, listAccounts)),
    );
    expect(exchanges(bench)).toBe(1);
    expect(new Set(calls.map((call) => call.credentials().authorization)).size).toBe(1);
    await bench.keep.clock.advance(265_000);
    await bench.broker.authorizeCall(grant.id, resourceId, listAccounts);
    expect(exchanges(bench)).toBe(1);
    await bench.keep.clock.advance(10_000);
    await bench.broker.authorizeCall(grant.id, resourceId, listAccounts);
    expect(exchanges(bench)).toBe(2);
  });

  test('has another key and another token for each agent', async () => {
    const [one, other] = [addGrant(bench, bench.connection), addGrant(bench, bench.connection)];
    const first = await bench.broker.authorizeCall(one.id, resourceId, listAccounts);
    const second = await bench.broker.authorizeCall(other.id, resourceId, listAccounts);
    expect(first.credentials().authorization).not.toBe(second.credentials().authorization);
    expect(decodeProtectedHeader(first.credentials().dpop).jwk).not.toEqual(decodeProtectedHeader(second.credentials().dpop).jwk);
  });

  test('each proof is new, and carries the newest nonce of its origin', async () => {
    const grant = addGrant(bench, bench.connection);
    const call = await bench.broker.authorizeCall(grant.id, resourceId, listAccounts);
    expect(decodeJwt(call.credentials().dpop).nonce).toBeUndefined();
    call.rememberNonce('newest');
    const [one, two] = [decodeJwt(call.credentials().dpop), decodeJwt(call.credentials().dpop)];
    expect(one.nonce).toBe('newest');
    expect(one.jti).not.toBe(two.jti);
  });

  test('the token and the key rest sealed, and survive a restart', async () => {
    const grant = addGrant(bench, bench.connection);
    const before = await bench.broker.authorizeCall(grant.id, resourceId, listAccounts);
    const token = before.credentials().authorization.replace('DPoP ', '');
    const bodies = bench.keep.store.all<{ body: string }>('SELECT body FROM upstream_tokens').map(({ body }) => body);
    expect(bodies).toHaveLength(1);
    expect(bodies.join()).not.toContain(token);
    const again = await bench.restart();
    await again.keep.unlock();
    const after = await again.broker.authorizeCall(grant.id, resourceId, listAccounts);
    expect(after.credentials().authorization).toBe(`DPoP ${token}`);
    expect(exchanges(bench)).toBe(1);
  });
});

describe('a call that may not', () => {
  const refusalOf = (promise: Promise<unknown>) =>
    promise.then(
      () => ({ code: 'none' }),
      (error: unknown) => error as { code: string; members: unknown },
    );

  test('is refused with what it would need, before anything is counted or exchanged (security rule 7)', async () => {
    const grant = addGrant(bench, bench.connection);
    const refusal = await refusalOf(
      bench.broker.authorizeCall(grant.id, resourceId, { ...listAccounts, path: '/accounts/main/balances' }),
    );
    expect(refusal).toMatchObject({
      code: 'call_not_covered',
      members: { required_details: [{ type: 'account_information', actions: ['read_balances'], identifier: 'main' }] },
    });
    expect(bench.grants.getLive(grant.id).usesReserved).toBe(0);
    expect(exchanges(bench)).toBe(0);
  });

  test('one cent more than granted is not covered, and two halves do not make one', async () => {
    const detail = { type: 'payment_initiation', ...payment };
    const grant = addGrant(bench, bench.connection, { details: [detail, detail], scopes: ['payments'], risk: 'high' });
    expect(await refusalOf(bench.broker.authorizeCall(grant.id, resourceId, payCall('180.01')))).toMatchObject({
      code: 'call_not_covered',
    });
    expect(await refusalOf(bench.broker.authorizeCall(grant.id, resourceId, payCall('360.00')))).toMatchObject({
      code: 'call_not_covered',
    });
    (await bench.broker.authorizeCall(grant.id, resourceId, payCall('180.00'))).finish({ status: 201 });
  });

  test.each([
    ['an unknown member in the body', { ...payCall('1.00'), body: { ...payment, urgent: true } }],
    ['a body that was not understood', { ...payCall('1.00'), body: 'unparsed' }],
    ['a query that nobody matches', { ...listAccounts, query: new URLSearchParams('as=root') }],
    ['an unknown path', { ...listAccounts, path: '/admin' }],
  ])('%s is refused', async (_what, facts) => {
    const grant = addGrant(bench, bench.connection, {
      details: [
        { type: 'payment_initiation', ...payment },
        { type: 'account_information', actions: ['list_accounts'] },
      ],
    });
    expect(await refusalOf(bench.broker.authorizeCall(grant.id, resourceId, facts))).toMatchObject({ code: 'call_not_covered' });
  });

  test('a grant for one resource reaches no other (security rule 9)', async () => {
    const grant = addGrant(bench, bench.connection, { resourceId: asId('elsewhere') });
    expect(await refusalOf(bench.broker.authorizeCall(grant.id, resourceId, listAccounts))).toMatchObject({
      code: 'call_not_covered',
    });
    expect(await refusalOf(bench.broker.authorizeCall(grant.id, asId('elsewhere'), listAccounts))).toMatchObject({
      code: 'resource_unknown',
    });
  });

  test('an ended grant, an expired one, a suspended agent, paused agents, a locked vault', async () => {
    const grants = [
      addGrant(bench, bench.connection),
      addGrant(bench, bench.connection, { expiresAt: bench.keep.clock.now() + 1_000 }),
    ];
    const [ended, expired] = grants.map(({ id }) => id);
    if (ended === undefined || expired === undefined) throw new Error('no grants');
    bench.broker.revoke(ended);
    await bench.keep.clock.advance(2_000);
    const call = (id: typeof ended) => refusalOf(bench.broker.authorizeCall(id, resourceId, listAccounts));
    expect(await call(ended)).toMatchObject({ code: 'grant_revoked' });
    expect(await call(expired)).toMatchObject({ code: 'grant_expired' });
    const agentId = addAgent(bench);
    const third = addGrant(bench, bench.connection, { agentId });
    bench.agents.suspend(agentId);
    expect(await call(third.id)).toMatchObject({ code: 'agent_suspended' });
    bench.agents.resume(agentId);
    bench.agents.pauseAll();
    expect(await call(third.id)).toMatchObject({ code: 'agents_paused' });
    bench.agents.resumeAll();
    bench.keep.vault.lock();
    expect(await call(third.id)).toMatchObject({ code: 'vault_locked' });
    expect(await hasKey(bench, third)).toBe(false);
  });
});

describe('a use (security rule 28)', () => {
  const once = { usesAllowed: 1 };

  test('50 parallel calls on a one-use grant: exactly one may go out', async () => {
    const grant = addGrant(bench, bench.connection, once);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => bench.broker.authorizeCall(grant.id, resourceId, listAccounts)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : [],
    );
    expect(new Set(refused)).toEqual(new Set(['grant_used_up']));
    expect(exchanges(bench)).toBe(1);
  });

  test('is on disk before the credential is handed out', async () => {
    const grant = addGrant(bench, bench.connection, once);
    await bench.broker.authorizeCall(grant.id, resourceId, listAccounts);
    expect(bench.grants.find(grant.id)?.usesReserved).toBe(1);
    // The process dies now, with the call on its way: afterwards the use is still taken.
    const again = await bench.restart();
    await again.keep.unlock();
    await expect(again.broker.authorizeCall(grant.id, resourceId, listAccounts)).rejects.toMatchObject({ code: 'grant_used_up' });
    await again.broker.settle();
    expect(again.grants.find(grant.id)?.endedBy).toBe('used_up');
  });

  test('is given back when nothing was sent, and only once', async () => {
    const grant = addGrant(bench, bench.connection, once);
    const call = await bench.broker.authorizeCall(grant.id, resourceId, listAccounts);
    call.finish({ notSent: 'upstream_unreachable' });
    call.finish({ notSent: 'upstream_unreachable' });
    expect(bench.grants.getLive(grant.id).usesReserved).toBe(0);
    (await bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).finish({ status: 200 });
  });

  test('counts when the call failed on the way', async () => {
    const grant = addGrant(bench, bench.connection, once);
    (await bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).finish({ failed: 'upstream_slow' });
    await expect(bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).rejects.toMatchObject({ code: 'grant_used_up' });
  });

  test('is not taken when the exchange fails', async () => {
    bench.provider.behaviour.exchangeAnswer = () => ({ status: 503 });
    const grant = addGrant(bench, bench.connection, once);
    await expect(bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).rejects.toMatchObject({
      code: 'upstream_unreachable',
    });
    expect(bench.grants.getLive(grant.id).usesReserved).toBe(0);
    delete bench.provider.behaviour.exchangeAnswer;
    (await bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).finish({ status: 200 });
  });

  test('that was the last one ends the grant, its token and its key', async () => {
    const grant = addGrant(bench, bench.connection, once);
    (await bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).finish({ status: 200 });
    await bench.broker.settle();
    expect(bench.grants.find(grant.id)?.endedBy).toBe('used_up');
    expect(bench.provider.revoked.size).toBe(1);
    expect(await hasKey(bench, grant)).toBe(false);
    expect(bench.broker.upstreamEnd(grant.id)).toBe('confirmed');
  });

  test('a token that the provider no longer takes is replaced for the next call', async () => {
    const grant = addGrant(bench, bench.connection);
    (await bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).finish({ status: 401 });
    await bench.broker.authorizeCall(grant.id, resourceId, listAccounts);
    expect(exchanges(bench)).toBe(2);
  });
});
