import { createPublicKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';

let door: Door;

beforeEach(async () => {
  door = await openAuthServer();
});

afterEach(() => door.close());

const documentAt = async (path: string): Promise<Record<string, unknown>> =>
  (await (await fetch(`${door.issuer}${path}`)).json()) as Record<string, unknown>;
const oauthPath = '/.well-known/oauth-authorization-server';

describe('metadata, RFC 8414', () => {
  test('is exactly what is offered', async () => {
    const at = (path: string) => `${door.issuer}${path}`;
    expect(await documentAt(oauthPath)).toEqual({
      issuer: door.issuer,
      jwks_uri: at('/jwks'),
      registration_endpoint: at('/register'),
      token_endpoint: at('/token'),
      introspection_endpoint: at('/introspect'),
      revocation_endpoint: at('/revoke'),
      backchannel_authentication_endpoint: at('/bc-authorize'),
      backchannel_token_delivery_modes_supported: ['poll', 'ping'],
      backchannel_authentication_request_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519'],
      backchannel_user_code_parameter_supported: false,
      grant_types_supported: expect.arrayContaining(['urn:openid:params:grant-type:ciba', 'refresh_token']) as string[],
      response_types_supported: [],
      scopes_supported: ['openid'],
      claims_supported: ['sub'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519'],
      introspection_endpoint_auth_methods_supported: ['private_key_jwt'],
      introspection_endpoint_auth_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519'],
      revocation_endpoint_auth_methods_supported: ['private_key_jwt'],
      revocation_endpoint_auth_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519'],
      dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519'],
      authorization_details_types_supported: ['account_information', 'payment_initiation'],
      authorization_details_types_metadata_endpoint: at('/details'),
      claims_parameter_supported: false,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
      protected_resources: [at('/proxy/demo'), at('/proxy/archive')],
    });
    expect((await documentAt(oauthPath))['grant_types_supported']).toHaveLength(2);
  });

  test('is the same under both names', async () => {
    expect(await documentAt('/.well-known/openid-configuration')).toEqual(await documentAt(oauthPath));
  });

  test('names a document of each resource with the types that this one takes (RFC 9728, section 2)', async () => {
    const of = (id: string) => documentAt(`/.well-known/oauth-protected-resource/proxy/${id}`);
    expect(await of('demo')).toMatchObject({
      resource: `${door.issuer}/proxy/demo`,
      authorization_servers: [door.issuer],
      dpop_bound_access_tokens_required: true,
      authorization_details_types_supported: ['account_information', 'payment_initiation'],
    });
    expect((await of('archive'))['authorization_details_types_supported']).toEqual(['account_information']);
    for (const path of ['proxy/nowhere', 'proxy/demo/accounts', 'demo', '']) {
      expect((await fetch(`${door.issuer}/.well-known/oauth-protected-resource/${path}`)).status).toBe(404);
    }
  });

  test('leads to a schema of each type that is taken, and to no other (RFC 9396, section 10)', async () => {
    const types = (await documentAt('/details')) as Record<
      string,
      { schema_uri: string; documentation_uri: string; examples: object[] }
    >;
    expect(Object.keys(types)).toEqual(['account_information', 'payment_initiation']);
    for (const [type, { schema_uri, documentation_uri, examples }] of Object.entries(types)) {
      const answer = await fetch(schema_uri);
      expect(answer.headers.get('content-type')).toBe('application/schema+json');
      const schema = (await answer.json()) as Parameters<typeof z.fromJSONSchema>[0] & object;
      expect(schema).toMatchObject({ $id: schema_uri, additionalProperties: false, properties: { type: { const: type } } });
      expect(z.fromJSONSchema(schema).safeParse(examples[0]).success).toBe(true);
      const page = await (await fetch(documentation_uri)).text();
      expect(page).toContain(`## \`${type}\``);
    }
    expect((await fetch(`${door.issuer}/details/example.unheard-of`)).status).toBe(404);
    expect((await fetch(`${door.issuer}/details/__proto__`)).status).toBe(404);
  });

  test('names no endpoint that does not answer', async () => {
    const endpoints = Object.entries(await documentAt(oauthPath)).filter(
      ([name]) => name.endsWith('_endpoint') || name === 'jwks_uri',
    );
    for (const [, url] of endpoints) expect((await fetch(String(url), { method: 'OPTIONS' })).status).toBe(405);
  });

  test.each(['/auth', '/authorize', '/me', '/session/end', '/device', '/request', '/interaction/x', '/reg', '/TOKEN', '/token/'])(
    '%s is not there',
    async (path) => {
      for (const method of ['GET', 'POST']) expect((await fetch(`${door.issuer}${path}`, { method })).status).toBe(404);
    },
  );

  test('publishes the public key only', async () => {
    const { keys } = (await documentAt('/jwks')) as { keys: Record<string, unknown>[] };
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256', kid: expect.any(String) as string });
    expect(keys[0]).not.toHaveProperty('d');
    expect(createPublicKey({ key: keys[0] as never, format: 'jwk' }).asymmetricKeyType).toBe('ec');
  });

  test('allows no page to read it', async () => {
    for (const path of [
      oauthPath,
      '/jwks',
      '/details',
      '/details/payment_initiation',
      '/.well-known/oauth-protected-resource/proxy/demo',
    ]) {
      const { headers } = await fetch(`${door.issuer}${path}`);
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('set-cookie')).toBeNull();
    }
  });

  test.each([
    ['an Origin', { origin: 'https://evil.example' }, 403],
    ['the null Origin', { origin: 'null' }, 403],
  ])('is refused to a page with %s', async (_what, headers, status) => {
    expect((await fetch(`${door.issuer}${oauthPath}`, { headers })).status).toBe(status);
  });

  test('is refused under another name of this machine', async () => {
    expect((await fetch(`http://localhost:${new URL(door.issuer).port}${oauthPath}`)).status).toBe(421);
  });
});
