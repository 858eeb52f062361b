/** A bare oidc-provider of the version that we wrap: the same features, its own defaults, its memory; approves what it is told to. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Configuration } from 'oidc-provider';
import { Provider } from 'oidc-provider';
import { vi } from 'vitest';
import { newKey, registerAgent } from '../support/stock-agent.ts';
import type { Caller, Tokens, World } from './world.ts';
import { ask, poll, rememberNonces } from './world.ts';

const scope = 'accounts payments';
const types = ['account_information', 'payment_initiation'];

interface Waiting {
  readonly jti: string;
  readonly accountId?: string;
  readonly clientId?: string;
}

/** @returns What a {@link World} needs of it; nothing of its state can be seen. */
export async function openBareWorld(): Promise<World> {
  vi.useFakeTimers({ toFake: ['Date'] });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const waiting: Waiting[] = [];
  const provider = new Provider(issuer, configuration(waiting));
  const callback = provider.callback();
  server.on('request', (request, response) => void callback(request, response));
  const metadata = { authorization_details_types: types };
  const { agent, other } = { agent: await registerAgent(issuer, metadata), other: await registerAgent(issuer, metadata) };
  const { nonce, send } = rememberNonces(issuer);
  const stranger = await newKey();
  const blank = { issuer, agent, other, stranger, nonce, send } as unknown as World;
  const askedBy = async (caller: Caller): Promise<string> => {
    const asked = await send(await ask.make({ ...blank, agent: caller }));
    for (const one of waiting.splice(0)) await approve(provider, one, issuer);
    return String(asked.body['auth_req_id']);
  };
  const tokensOf = async (caller: Caller): Promise<Tokens> => {
    const world: World = { ...blank, agent: caller, approvedRequest: () => askedBy(caller) };
    const { body } = await send(await poll.make(world));
    return { accessToken: String(body['access_token']), refreshToken: String(body['refresh_token']) };
  };
  return {
    ...blank,
    othersTokens: await tokensOf(other),
    othersRequest: await askedBy(other),
    approvedRequest: () => askedBy(agent),
    tokens: () => tokensOf(agent),
    state: () => ({}),
    async tidy() {
      waiting.length = 0;
      vi.setSystemTime(Date.now() + 1000);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      vi.useRealTimers();
    },
  };
}

async function approve(provider: Provider, { jti, accountId = '', clientId = '' }: Waiting, issuer: string): Promise<void> {
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope('openid');
  grant.addResourceScope(`${issuer}/proxy/demo`, scope);
  const rar = [{ type: 'account_information', actions: ['list_accounts'] }];
  for (const detail of rar) grant.addRar(detail);
  await grant.save();
  const request = await provider.BackchannelAuthenticationRequest.find(jti);
  if (request === undefined) throw new Error('the request is gone');
  await provider.backchannelResult(request, grant, { rar });
}

function configuration(waiting: Waiting[]): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signing = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bare' };
  return {
    jwks: { keys: [signing] },
    routes: {
      registration: '/register',
      backchannel_authentication: '/bc-authorize',
      token: '/token',
      introspection: '/introspect',
      revocation: '/revoke',
      jwks: '/jwks',
    },
    scopes: ['openid'],
    responseTypes: [],
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256'],
      clientAuthSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519'],
      dPoPSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519'],
    },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: async () => true,
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      registration: { enabled: true, initialAccessToken: false, issueRegistrationAccessToken: false },
      introspection: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      ciba: {
        enabled: true,
        deliveryModes: ['poll'],
        processLoginHint: async (_ctx, hint) => (hint === 'me' ? 'person' : undefined),
        processLoginHintToken: async () => undefined,
        verifyUserCode: async () => {},
        validateRequestContext: async () => {},
        validateBindingMessage: async () => {},
        triggerAuthenticationDevice: async (_ctx, request) => void waiting.push(request as unknown as Waiting),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => undefined,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_ctx, indicator) => ({ scope, audience: indicator, accessTokenFormat: 'opaque' }),
      },
      richAuthorizationRequests: {
        enabled: true,
        types: Object.fromEntries(types.map((type) => [type, { validate: () => {} }])),
        authorizationDetailsForGrantSource: (_ctx: unknown, source: { rar: unknown }) => source.rar,
        authorizationDetailsForAccessToken: (_ctx: unknown, token: { rar: unknown }) => token.rar,
        authorizationDetailsForIntrospection: (_ctx: unknown, token: { rar: unknown }) => token.rar,
      } as never,
    },
  };
}
