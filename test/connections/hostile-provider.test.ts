import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Connections, createConnections } from '../../src/connections/connections.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { memoryBrowser, memoryLog } from '../support/memory-platform.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';
import { comeBack, type FakeProvider, type ProviderBehaviour, startFakeProvider } from './fake-provider.ts';
import { exchangeRequest, makeTestKey } from './open-connections.ts';

let keep: Keep;
let provider: FakeProvider;
let connections: Connections;

beforeEach(async () => {
  keep = await openKeep({ clock: createFakeClock(Date.now()) });
  provider = await startFakeProvider();
  const presets = [demoBankPreset({ issuer: provider.issuer, api: 'http://127.0.0.1:9' })];
  connections = createConnections({ ...keep, browser: memoryBrowser(), log: memoryLog(), presets });
});
afterEach(async () => {
  await connections.stop();
  await provider.stop();
  keep.close();
});

async function signIn(behaviour: ProviderBehaviour = {}) {
  Object.assign(provider.behaviour, behaviour);
  const { id } = connections.add('demo');
  const { authorizationUrl } = await connections.beginSignIn(id);
  await comeBack(provider, authorizationUrl);
  return connections.finished(id);
}

const begin = (behaviour: ProviderBehaviour) => {
  Object.assign(provider.behaviour, behaviour);
  return connections.beginSignIn(connections.add('demo').id);
};

describe('a provider’s metadata', () => {
  test('must name the issuer to the letter', async () => {
    await expect(begin({ metadata: (honest) => ({ ...honest, issuer: `${provider.issuer}/` }) })).rejects.toMatchObject({
      code: 'upstream_refused',
    });
    await expect(begin({ metadata: (honest) => ({ ...honest, issuer: 'http://127.0.0.1:1' }) })).rejects.toMatchObject({
      code: 'upstream_refused',
    });
  });

  test.each([
    'token_endpoint',
    'authorization_endpoint',
    'revocation_endpoint',
    'introspection_endpoint',
    'pushed_authorization_request_endpoint',
  ])('cannot bind another origin as its %s (security rule 9)', async (endpoint) => {
    await expect(begin({ metadata: (honest) => ({ ...honest, [endpoint]: 'http://127.0.0.1:1/x' }) })).rejects.toMatchObject({
      code: 'upstream_refused',
    });
  });

  test.each(['code_challenge_methods_supported', 'dpop_signing_alg_values_supported'])('must offer %s', async (member) => {
    await expect(begin({ metadata: (honest) => ({ ...honest, [member]: undefined }) })).rejects.toMatchObject({
      code: 'upstream_refused',
    });
  });

  test('is not looked for behind a redirect', async () => {
    const redirect = { status: 302, headers: { location: 'http://127.0.0.1:1/' } };
    await expect(begin({ discovery: () => redirect })).rejects.toMatchObject({ code: 'upstream_refused' });
  });

  test('is not read without end', async () => {
    await expect(begin({ discovery: () => ({ raw: `{"issuer":"${'x'.repeat(300_000)}"}` }) })).rejects.toMatchObject({
      code: 'upstream_refused',
    });
  });

  test('is waited for until the limit, by the clock', async () => {
    const waiting = begin({ discovery: () => ({ hang: true }) });
    const refused = expect(waiting).rejects.toMatchObject({ code: 'upstream_slow' });
    while (provider.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await keep.clock.advance(10_000);
    await refused;
  });

  test('may be served over http on this computer only', async () => {
    const presets = [demoBankPreset({ issuer: 'http://bank.example', api: 'http://127.0.0.1:9' })];
    const outside = createConnections({ ...keep, browser: memoryBrowser(), log: memoryLog(), presets });
    await expect(outside.beginSignIn(outside.add('demo').id)).rejects.toMatchObject({ code: 'upstream_refused' });
    await outside.stop();
  });

  test('that cannot be had is said to be unreachable, and the next attempt works', async () => {
    await expect(begin({ discovery: () => ({ status: 503 }) })).rejects.toMatchObject({ code: 'upstream_unreachable' });
    delete provider.behaviour.discovery;
    expect((await signIn()).state).toBe('signed_in');
  });
});

describe('signing in at a provider without PAR', () => {
  test('sends PKCE, state, dpop_jkt, details and resource in the address', async () => {
    const { authorizationUrl } = await begin({});
    expect(Object.fromEntries(new URL(authorizationUrl).searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      dpop_jkt: expect.stringMatching(/^[\w-]{43}$/) as string,
      resource: 'http://127.0.0.1:9',
      authorization_details: expect.stringContaining('account_information') as string,
    });
  });

  test('refuses a token that is not bound to our key', async () => {
    await expect(signIn({ code: (honest) => ({ ...honest, token_type: 'Bearer' }) })).rejects.toMatchObject({
      code: 'sign_in_failed',
    });
    expect(keep.store.all('SELECT id FROM connection_credentials')).toEqual([]);
  });
});

describe('a refresh', () => {
  test('keeps the old refresh token when none comes with the answer', async () => {
    const connection = await signIn();
    const key = await makeTestKey();
    const answer = { access_token: 'new', token_type: 'DPoP', expires_in: 600 };
    provider.behaviour.refresh = () => ({ body: answer });
    await keep.clock.advance(500_000);
    await connections.exchange(exchangeRequest(connection, { connections }, key));
    await keep.clock.advance(500_000);
    await connections.exchange(exchangeRequest(connection, { connections }, key));
    const used = provider.requests
      .filter(({ form }) => form.get('grant_type') === 'refresh_token')
      .map(({ form }) => form.get('refresh_token'));
    expect(used).toHaveLength(2);
    expect(used[0]).toBe(used[1]);
  });

  test('that a server error prevents leaves the session as it is', async () => {
    const connection = await signIn();
    provider.behaviour.refresh = () => ({ status: 500 });
    await keep.clock.advance(700_000);
    const request = exchangeRequest(connection, { connections }, await makeTestKey());
    await expect(connections.exchange(request)).rejects.toMatchObject({ code: 'upstream_unreachable' });
    expect(connections.get(connection.id).state).toBe('signed_in');
    delete provider.behaviour.refresh;
    await connections.exchange(request);
  });

  test('that is refused for another reason than the session leaves the session as it is', async () => {
    const connection = await signIn();
    provider.behaviour.refresh = () => ({ status: 400, body: { error: 'invalid_scope' } });
    await keep.clock.advance(700_000);
    const request = exchangeRequest(connection, { connections }, await makeTestKey());
    await expect(connections.exchange(request)).rejects.toMatchObject({ code: 'upstream_refused' });
    expect(connections.get(connection.id).state).toBe('signed_in');
  });
});

describe('signing out while the provider is away', () => {
  test('forgets at once and ends the session there later', async () => {
    const connection = await signIn();
    let failures = 2;
    provider.behaviour.revocation = () => (failures-- > 0 ? { status: 503 } : undefined);
    await connections.signOut(connection.id);
    expect(keep.store.all('SELECT id FROM connection_credentials')).toEqual([]);
    expect(provider.revoked.size).toBe(0);
    await keep.clock.advance(5_000);
    while (keep.events().filter((name) => name === 'upstream.revoke_failed').length < 2)
      await new Promise((resolve) => setImmediate(resolve));
    await keep.clock.advance(30_000);
    while (provider.revoked.size === 0) await new Promise((resolve) => setImmediate(resolve));
    expect([...provider.revoked][0]).toMatch(/^rt-/);
  });
});
