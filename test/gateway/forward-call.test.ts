import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventsOf, exchanges, until } from '../broker/open-broker.ts';
import { as, type GatewayBench, newGrant, openGateway, order, paymentDetail, problem, send } from './open-gateway.ts';

let bench: GatewayBench;
beforeEach(async () => {
  bench = await openGateway();
});
afterEach(() => bench.stop());

describe('a forwarded call', () => {
  test('reaches the API with our credential and comes back', async () => {
    const grant = newGrant(bench);
    bench.api = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'application/json', etag: '"1"' }).end('{"ok":true}');
    const answer = await send(bench, { headers: as(grant) });
    expect(answer).toMatchObject({ status: 200, body: '{"ok":true}' });
    expect(answer.headers).toMatchObject({ etag: '"1"', 'dpop-nonce': 'our-nonce', 'x-content-type-options': 'nosniff' });
    const [seen] = bench.seen;
    expect(seen).toMatchObject({ method: 'GET', url: '/accounts' });
    expect(seen?.headers.authorization).toMatch(/^DPoP /);
    expect(seen?.headers.authorization).not.toContain(grant.id);
    expect(seen?.headers.dpop).toMatch(/^ey/);
    await until(() => eventsOf(bench.broker, grant).some(({ event }) => event === 'call.answered'));
  });

  test('sends the body byte for byte as it was matched', async () => {
    const grant = newGrant(bench, { details: [paymentDetail], scopes: ['payments'], usesAllowed: 1 });
    const odd = order.replaceAll(':', ' :\n ');
    bench.api = (_request, response) => void response.writeHead(201).end();
    const answer = await send(bench, {
      method: 'POST',
      path: '/proxy/demo/payments',
      headers: as(grant, { 'content-type': 'application/json; charset=utf-8' }),
      body: odd,
    });
    expect(answer.status).toBe(201);
    expect(bench.seen[0]?.body).toBe(odd);
  });

  test('passes headers by allow-list both ways: no cookie, no challenge, no nonce, nothing of the connection (security rule 26)', async () => {
    const grant = newGrant(bench);
    bench.api = (_request, response) => {
      response.writeHead(200, {
        'content-type': 'text/html',
        'set-cookie': 'a=b',
        'www-authenticate': 'DPoP error="invalid_token"',
        'dpop-nonce': 'theirs',
        server: 'bank/1',
        'access-control-allow-origin': '*',
        'content-security-policy': "script-src 'unsafe-inline'",
        'clear-site-data': '"*"',
        'x-request-id': 'r-1',
      });
      response.end('<script>1</script>');
    };
    const sent = {
      accept: 'application/json',
      cookie: 'mine=1',
      'x-forwarded-for': '10.0.0.1',
      te: 'trailers',
      'accept-encoding': 'gzip',
      origin2: 'x',
      'idempotency-key': 'k',
    };
    const answer = await send(bench, { headers: as(grant, sent) });
    expect(Object.keys(bench.seen[0]?.headers ?? {}).toSorted()).toEqual(
      ['accept', 'accept-encoding', 'authorization', 'connection', 'dpop', 'host', 'idempotency-key', 'user-agent'].toSorted(),
    );
    expect(bench.seen[0]?.headers['accept-encoding']).toBe('identity');
    for (const name of ['set-cookie', 'www-authenticate', 'server', 'access-control-allow-origin', 'clear-site-data']) {
      expect(answer.headers[name]).toBeUndefined();
    }
    expect(answer.headers['dpop-nonce']).toBe('our-nonce');
    expect(answer.headers['x-request-id']).toBe('r-1');
    expect(answer.headers['content-security-policy']).toContain('sandbox');
    expect(answer.headers['content-security-policy']).not.toContain('unsafe-inline');
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/vnd.bank+json',
  ])('a body of %s goes out under our own media type (security rule 26)', async (type) => {
    const grant = newGrant(bench, { details: [paymentDetail], scopes: ['payments'], usesAllowed: 1 });
    const headers = as(grant, { 'content-type': type });
    await send(bench, { method: 'POST', path: '/proxy/demo/payments', headers, body: order });
    expect(bench.seen.map(({ headers: seen }) => seen['content-type'])).toEqual(['application/json']);
  });

  test('without a body has no media type', async () => {
    await send(bench, { headers: as(newGrant(bench), { 'content-type': 'application/json; charset=utf-7' }) });
    expect(bench.seen.map(({ headers }) => headers['content-type'])).toEqual([undefined]);
  });

  test('keeps no cookie for the next call (security rule 26)', async () => {
    const grant = newGrant(bench);
    bench.api = (_request, response) => void response.writeHead(200, { 'set-cookie': 'session=1' }).end();
    await send(bench, { headers: as(grant) });
    await send(bench, { headers: as(grant) });
    expect(bench.seen[1]?.headers.cookie).toBeUndefined();
  });

  test('hands a redirect back and does not follow it (security rule 26)', async () => {
    const grant = newGrant(bench);
    bench.api = (_request, response) => void response.writeHead(307, { location: '/elsewhere' }).end();
    const answer = await send(bench, { headers: as(grant) });
    expect(answer).toMatchObject({ status: 307, headers: { location: '/elsewhere' } });
    expect(bench.seen).toHaveLength(1);
  });

  test('answers use_dpop_nonce once with the same body, as one use (security rule 28)', async () => {
    const grant = newGrant(bench, { details: [paymentDetail], scopes: ['payments'], usesAllowed: 1 });
    const proofs: unknown[] = [];
    bench.api = ({ headers }, response) => {
      const { nonce, jti } = JSON.parse(Buffer.from(String(headers.dpop).split('.')[1] ?? '', 'base64url').toString()) as Record<
        string,
        unknown
      >;
      proofs.push(jti);
      const challenge = { 'www-authenticate': 'Bearer, DPoP algs="ES256", error="use_dpop_nonce"', 'dpop-nonce': 'fresh' };
      if (nonce === 'fresh') response.writeHead(201).end();
      else response.writeHead(401, challenge).end('please');
    };
    const answer = await send(bench, {
      method: 'POST',
      path: '/proxy/demo/payments',
      headers: as(grant, { 'content-type': 'application/json' }),
      body: order,
    });
    expect(answer.status).toBe(201);
    expect(bench.seen.map(({ body }) => body)).toEqual([order, order]);
    expect(new Set(proofs).size).toBe(2);
    expect(bench.broker.grants.find(grant.id)?.usesReserved).toBe(1);
  });

  test('gives up when the provider wants another nonce again and again', async () => {
    const grant = newGrant(bench);
    bench.api = (_request, response) =>
      void response.writeHead(401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n' }).end();
    expect((await send(bench, { headers: as(grant) })).status).toBe(502);
    expect(bench.seen).toHaveLength(2);
  });

  test('remembers the nonce for the next call', async () => {
    const grant = newGrant(bench);
    bench.api = (_request, response) => void response.writeHead(200, { 'dpop-nonce': 'kept' }).end();
    await send(bench, { headers: as(grant) });
    await send(bench, { headers: as(grant) });
    const claims = JSON.parse(
      Buffer.from(String(bench.seen[1]?.headers.dpop).split('.')[1] ?? '', 'base64url').toString(),
    ) as object;
    expect(claims).toMatchObject({ nonce: 'kept' });
  });

  test('50 parallel calls on a one-use grant: exactly one reaches the API (security rule 28)', async () => {
    const grant = newGrant(bench, { usesAllowed: 1 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(bench, { headers: as(grant) })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.filter(({ status }) => status !== 200).map((answer) => problem(answer).code))).toEqual(
      new Set(['grant_used_up']),
    );
    expect(bench.seen).toHaveLength(1);
    expect(exchanges(bench.broker)).toBe(1);
  });

  test('passes what the API says about the call itself', async () => {
    const grant = newGrant(bench);
    bench.api = (_request, response) =>
      void response.writeHead(429, { 'retry-after': '7', 'content-type': 'application/json' }).end('{"slow":"down"}');
    expect(await send(bench, { headers: as(grant) })).toMatchObject({
      status: 429,
      body: '{"slow":"down"}',
      headers: { 'retry-after': '7' },
    });
    bench.api = (_request, response) => void response.writeHead(500).end('broken');
    expect(await send(bench, { headers: as(grant) })).toMatchObject({ status: 500, body: 'broken' });
  });
});

describe('a call that is refused', () => {
  test('without a token: 401 with a challenge and no error (RFC 6750, 3.1)', async () => {
    const answer = await send(bench);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('DPoP algs="ES256 EdDSA Ed25519"');
    expect(problem(answer)).toMatchObject({ code: 'token_missing' });
  });

  test('without a nonce: 401 use_dpop_nonce with a nonce (RFC 9449, 9)', async () => {
    const answer = await send(bench, { headers: { authorization: `DPoP ${newGrant(bench).id}` } });
    expect(answer).toMatchObject({ status: 401, headers: { 'dpop-nonce': 'our-nonce' } });
    expect(answer.headers['www-authenticate']).toContain('error="use_dpop_nonce"');
  });

  test('outside the grant: 403 with what it would need, and an audit event', async () => {
    const grant = newGrant(bench);
    const answer = await send(bench, { path: '/proxy/demo/accounts/main/balances', headers: as(grant) });
    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toBe('DPoP algs="ES256 EdDSA Ed25519", error="insufficient_authorization_details"');
    expect(problem(answer)).toMatchObject({
      error: 'insufficient_authorization_details',
      next: 'ask again',
      type: 'urn:counterfoil:problem:call_not_covered',
      status: 403,
      required_details: [{ type: 'account_information', actions: ['read_balances'], identifier: 'main' }],
    });
    expect(bench.seen).toEqual([]);
    expect(eventsOf(bench.broker, grant).at(-1)).toMatchObject({
      event: 'call.refused',
      reason: 'call_not_covered',
      agentId: grant.agentId,
    });
  });

  test('after the grant was ended: 401 invalid_token at once (RFC 6750, 3.1)', async () => {
    const grant = newGrant(bench);
    await send(bench, { headers: as(grant) });
    bench.broker.broker.revoke(grant.id);
    expect(problem(await send(bench, { headers: as(grant) }))).toMatchObject({
      status: 401,
      error: 'invalid_token',
      code: 'grant_revoked',
      next: 'tell the person',
    });
    expect(bench.seen).toHaveLength(1);
  });

  test('a foreign Host or any Origin goes no further than the gate', async () => {
    const grant = newGrant(bench);
    expect((await send(bench, { headers: as(grant, { host: 'evil.example' }) })).status).toBe(421);
    expect((await send(bench, { headers: as(grant, { origin: 'https://evil.example' }) })).status).toBe(403);
    expect((await send(bench, { method: 'TRACE', headers: as(grant) })).status).toBe(405);
  });

  test('a body that is too large, broken, doubled or not JSON', async () => {
    const grant = newGrant(bench, { details: [paymentDetail], scopes: ['payments'] });
    const post = (body: string, type = 'application/json') =>
      send(bench, { method: 'POST', path: '/proxy/demo/payments', headers: as(grant, { 'content-type': type }), body });
    expect((await post('x'.repeat(1024 * 1024 + 1))).status).toBe(413);
    expect(problem(await post('{"a":'))).toMatchObject({ code: 'invalid_input' });
    expect(problem(await post(`{"creditorName":"A",${order.slice(1)}`))).toMatchObject({ code: 'invalid_input' });
    expect(problem(await post(order, 'text/plain'))).toMatchObject({ code: 'call_not_covered' });
    expect(problem(await post('"unparsed"'))).toMatchObject({ code: 'call_not_covered' });
    expect(bench.seen).toEqual([]);
  });

  test.each([
    'application/json; charset=utf-7',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-7',
    'application/json; charset=utf-8; q=1',
    'application/json; x=1',
    'application/json;',
    'application/json, text/plain',
  ])('a body that another reader may read differently: %s (security rule 26)', async (type) => {
    const grant = newGrant(bench, { details: [paymentDetail], scopes: ['payments'], usesAllowed: 1 });
    const headers = as(grant, { 'content-type': type });
    const answer = await send(bench, { method: 'POST', path: '/proxy/demo/payments', headers, body: order });
    expect(problem(answer)).toMatchObject({ code: 'call_not_covered' });
    expect(bench.seen).toEqual([]);
    expect(bench.broker.grants.getLive(grant.id).usesReserved).toBe(0);
  });

  test.each(['gzip', 'identity'])('a body with Content-Encoding %s (security rule 26)', async (encoding) => {
    const grant = newGrant(bench, { details: [paymentDetail], scopes: ['payments'], usesAllowed: 1 });
    const headers = as(grant, { 'content-type': 'application/json', 'content-encoding': encoding });
    const answer = await send(bench, { method: 'POST', path: '/proxy/demo/payments', headers, body: order });
    expect(problem(answer)).toMatchObject({ code: 'media_type_refused' });
    expect(bench.seen).toEqual([]);
  });

  test('by the provider with 401 or 403: a problem of ours, without its challenge (security rule 26)', async () => {
    const grant = newGrant(bench);
    for (const status of [401, 403]) {
      bench.api = (_request, response) =>
        void response.writeHead(status, { 'www-authenticate': 'DPoP error="invalid_token"' }).end('secret reasons');
      const answer = await send(bench, { headers: as(grant) });
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(answer.body).not.toContain('secret reasons');
      expect(problem(answer)).toMatchObject({ code: 'upstream_refused', upstream_status: status });
    }
  });
});

describe('a provider that is away or slow', () => {
  test('away: 502 with Retry-After, and the use is given back', async () => {
    const grant = newGrant(bench, { usesAllowed: 1 });
    await bench.stopApi();
    const answer = await send(bench, { headers: as(grant) });
    expect(answer).toMatchObject({ status: 502, headers: { 'retry-after': '5' } });
    expect(problem(answer)).toMatchObject({ code: 'upstream_unreachable' });
    expect(bench.broker.grants.getLive(grant.id).usesReserved).toBe(0);
  });

  test('slow: 504 with Retry-After after the limit, and the use is taken', async () => {
    const grant = newGrant(bench, { usesAllowed: 1 });
    bench.api = () => {};
    const answering = send(bench, { headers: as(grant) });
    await until(() => bench.seen.length === 1);
    await bench.broker.keep.clock.advance(30_000);
    const answer = await answering;
    expect(answer).toMatchObject({ status: 504, headers: { 'retry-after': '5' } });
    expect(problem(answer)).toMatchObject({ code: 'upstream_slow' });
    expect(bench.broker.grants.find(grant.id)?.usesReserved).toBe(1);
  });

  test('one that breaks off: 502, never sent again (security rule 28)', async () => {
    const grant = newGrant(bench, { details: [paymentDetail], scopes: ['payments'], usesAllowed: 1 });
    bench.api = (_request, response) => response.destroy();
    const answer = await send(bench, {
      method: 'POST',
      path: '/proxy/demo/payments',
      headers: as(grant, { 'content-type': 'application/json' }),
      body: order,
    });
    expect(problem(answer)).toMatchObject({ status: 502, code: 'upstream_unreachable' });
    expect(bench.seen).toHaveLength(1);
    expect(bench.broker.grants.find(grant.id)?.usesReserved).toBe(1);
  });
});
