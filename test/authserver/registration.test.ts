import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentId } from '../../src/base/ids.ts';
import { asId } from '../../src/base/ids.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { SigningKey } from './support/stock-agent.ts';
import { cibaGrantType, newKey, registration } from './support/stock-agent.ts';

let door: Door;
let key: SigningKey;

beforeEach(async () => {
  door = await openAuthServer();
  key = await newKey();
});

afterEach(() => door.close());

async function register(
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const response = await fetch(`${door.issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(registration(key, more)),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown>, headers: response.headers };
}

describe('dynamic registration, RFC 7591', () => {
  test('answers at once and leaves the agent pending (security rule 13)', async () => {
    const { status, body } = await register();
    expect(status).toBe(201);
    const agent = door.agents.get(asId<AgentId>(String(body['client_id'])));
    expect(agent).toMatchObject({ state: 'pending', claimedName: 'planner', keyThumbprint: key.thumbprint });
    expect(agent.registrationEvidence.process?.pid).toBe(4711);
  });

  test('gives no secret and no way to change the registration', async () => {
    const { body } = await register();
    for (const member of ['client_secret', 'registration_access_token', 'registration_client_uri'])
      expect(body[member]).toBeUndefined();
  });

  test('says what it made of the request', async () => {
    const { body } = await register({
      dpop_bound_access_tokens: false,
      grant_types: undefined,
      backchannel_token_delivery_mode: undefined,
    });
    expect(body).toMatchObject({
      dpop_bound_access_tokens: true,
      grant_types: [cibaGrantType, 'refresh_token'],
      backchannel_token_delivery_mode: 'poll',
      token_endpoint_auth_method: 'private_key_jwt',
      id_token_signed_response_alg: 'ES256',
      response_types: [],
      redirect_uris: [],
    });
  });

  test('leaves members out that it does not know', async () => {
    const { status, body } = await register({ logo_uri: 'https://evil.example/x.png', favourite_colour: 'red' });
    expect(status).toBe(201);
    expect(body['logo_uri']).toBeUndefined();
    expect(body['favourite_colour']).toBeUndefined();
  });

  test.each([
    ['keys to be fetched', { jwks: undefined, jwks_uri: 'http://127.0.0.1:22/' }],
    ['no key', { jwks: undefined }],
    ['two keys', { jwks: { keys: [{}, {}] } }],
    ['an empty set', { jwks: { keys: [] } }],
    ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }],
    ['an RSA key', { jwks: { keys: [{ kty: 'RSA', n: 'AAAA', e: 'AQAB' }] } }],
    ['a point off the curve', { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }] } }],
    ['a response type', { response_types: ['code'] }],
    ['a shared secret', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['no authentication', { token_endpoint_auth_method: 'none' }],
    ['another grant type', { grant_types: [cibaGrantType, 'client_credentials'] }],
    ['no CIBA', { grant_types: ['refresh_token'] }],
    ['an address to be called without ping', { backchannel_client_notification_endpoint: 'http://127.0.0.1:4000/' }],
    ['ping without an address', { backchannel_token_delivery_mode: 'ping' }],
    ['another way to deliver', { backchannel_token_delivery_mode: 'pigeon' }],
    ['a sector', { sector_identifier_uri: 'https://a.example/' }],
    ['a pairwise subject', { subject_type: 'pairwise' }],
    ['a user code', { backchannel_user_code_parameter: true }],
    ['an unknown detail type', { authorization_details_types: ['root_access'] }],
    ['detail types that are no list', { authorization_details_types: 'account_information' }],
    ['a name with a bidi override', { client_name: 'a\u202eb' }],
    ['a name of two lines', { client_name: 'a\nb' }],
    ['a name that is too long', { client_name: 'x'.repeat(101) }],
    ['an empty name', { client_name: ' ' }],
    ['a name that is no text', { client_name: 7 }],
  ])('refuses %s', async (_what, more) => {
    const { status, body } = await register(more);
    expect([status, body['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(door.agents.list()).toEqual([]);
  });

  test('refuses push by its name, and says what to use (CIBA Core 1.0, section 4)', async () => {
    const { status, body } = await register({
      backchannel_token_delivery_mode: 'push',
      backchannel_client_notification_endpoint: 'http://127.0.0.1:4000/',
    });
    expect([status, body['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(body['error_description']).toMatch(/^push is not offered.*Use poll or ping$/);
  });

  test.each(['http://127.0.0.1:4000', 'http://127.0.0.1:65535/a/b?c=d', 'http://[::1]:1024/ciba'])(
    'takes ping to %s, and says so (CIBA Core 1.0, section 4)',
    async (url) => {
      const asked = { backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: url };
      const { status, body } = await register(asked);
      expect(status).toBe(201);
      expect(body).toMatchObject(asked);
      expect(body['ping_endpoint']).toBeUndefined();
    },
  );

  test.each([
    ['TLS, for which nobody has a certificate here', 'https://127.0.0.1:4000/'],
    ['another machine', 'http://192.168.0.7:4000/'],
    ['a name', 'http://localhost:4000/'],
    ['a name that means this machine', 'http://127.0.0.1.nip.io:4000/'],
    ['another loopback address', 'http://127.0.0.2:4000/'],
    ['any address', 'http://0.0.0.0:4000/'],
    ['a short spelling', 'http://127.1:4000/'],
    ['a number', 'http://2130706433:4000/'],
    ['hexadecimal', 'http://0x7f000001:4000/'],
    ['an IPv4 address in IPv6', 'http://[::ffff:127.0.0.1]:4000/'],
    ['a long spelling of IPv6', 'http://[0:0:0:0:0:0:0:1]:4000/'],
    ['a zone', 'http://[::1%25lo]:4000/'],
    ['no port', 'http://127.0.0.1/'],
    ['a port of the system', 'http://127.0.0.1:631/'],
    ['a port beyond all', 'http://127.0.0.1:65536/'],
    ['a port with a leading zero', 'http://127.0.0.1:04000/'],
    ['a user', 'http://me@127.0.0.1:4000/'],
    ['a user that looks like the address', 'http://127.0.0.1:4000@a.example/'],
    ['a fragment', 'http://127.0.0.1:4000/#a'],
    ['a backslash', 'http://127.0.0.1:4000\\@a.example/'],
    ['a line break', 'http://127.0.0.1:4000/\r\nX: y'],
    ['a space', 'http://127.0.0.1:4000/a b'],
    ['upper case', 'HTTP://127.0.0.1:4000/'],
    ['another scheme', 'file:///etc/passwd'],
    ['more than 500 characters', `http://127.0.0.1:4000/${'a'.repeat(500)}`],
    ['no text', 7],
    ['nothing', ''],
  ])('refuses ping to %s (security rule 9)', async (_what, url) => {
    const { status, body } = await register({
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: url,
    });
    expect([status, body['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(door.agents.list()).toEqual([]);
  });

  test('refuses ping to a port of ours (security rule 9)', async () => {
    const other = await openAuthServer();
    for (const { issuer } of [door, other])
      for (const host of ['127.0.0.1', '[::1]']) {
        const url = `http://${host}:${new URL(issuer).port}/register`;
        const { status } = await register({
          backchannel_token_delivery_mode: 'ping',
          backchannel_client_notification_endpoint: url,
        });
        expect(status).toBe(400);
      }
    await other.close();
  });

  test('refuses a redirect by the code of its own', async () => {
    const { status, body } = await register({ redirect_uris: ['http://127.0.0.1:1/cb'] });
    expect([status, body['error']]).toEqual([400, 'invalid_redirect_uri']);
  });

  test('refuses a private key, and does not repeat it', async () => {
    const d = 'private-canary'.padEnd(43, 'A');
    const { status, body } = await register({ jwks: { keys: [{ ...key.jwk, d }] } });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).not.toContain(d);
  });

  test.each(['[]', '"x"', 'null', '{', ''])('refuses the body %j', async (body) => {
    const response = await fetch(`${door.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/json');
  });

  test('refuses any media type but JSON, so that no form of a page can register', async () => {
    const response = await fetch(`${door.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{}',
    });
    expect(response.status).toBe(415);
  });

  test('is limited per process tree, with a wait (security rule 29)', async () => {
    for (let count = 0; count < 3; count += 1) expect((await register()).status).toBe(201);
    const { status, body, headers } = await register();
    expect([status, body['error']]).toEqual([429, 'temporarily_unavailable']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(door.agents.list()).toHaveLength(3);
  });

  test('goes after ten minutes without a request (security rule 29)', async () => {
    await register();
    await door.advance(10 * 60_000);
    door.server.sweep();
    expect(door.agents.list()).toEqual([]);
  });

  test.each(['GET', 'PUT', 'DELETE'])('cannot be read or changed by %s (RFC 7592 is not offered)', async (method) => {
    const { body } = await register();
    expect((await fetch(`${door.issuer}/register/${String(body['client_id'])}`, { method })).status).toBe(404);
  });
});
