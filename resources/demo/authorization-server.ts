/**
 * The Demo Bank's authorization server: an ordinary upstream for the demonstration, in a process of its own.
 * Authorization code with PKCE and DPoP (nonces required), PAR, RAR, resource indicators, opaque tokens, introspection,
 * revocation, and token exchange by the profile of the actor token.
 *
 * `node resources/demo/authorization-server.ts [--port 7420] [--api http://127.0.0.1:7421] [--state <folder>]`
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { type Configuration, errors, Provider } from 'oidc-provider';
import {
  accountId,
  apiClientId,
  apiPort,
  authorizationServerPort,
  clientId,
  detailTypes,
  findDetailFault,
  scopes,
} from './bank.ts';
import { type BankEntries, createBankStore } from './bank-store.ts';
import { handleInteraction } from './interactions.ts';
import { close, createDemoServer, listen, type RunningServer, type TlsIdentity } from './listen.ts';
import { apiSecretIn, defaultStateFolder, StateFile } from './state-file.ts';
import { registerTokenExchange, tokenExchange } from './token-exchange.ts';

interface ServerKeys {
  readonly signing: JWK;
  readonly cookie: string;
}

export interface AuthorizationServerOptions {
  /** Default: plain HTTP. */
  readonly tls?: TlsIdentity;
  /** 0 takes any free port. */
  readonly port: number;
  /** Base URL of the API: its resource indicator, to the letter. */
  readonly indicator: string;
  /** The API's password here. */
  readonly apiSecret: string;
  /** Where to keep state between runs; nothing is kept without it. */
  readonly stateFolder?: string;
  /** Seconds that the person's access token lives. Default 600. */
  readonly accessTokenSeconds?: number;
}

export async function startAuthorizationServer(options: AuthorizationServerOptions): Promise<RunningServer> {
  const server = createDemoServer(options.tls);
  const url = await listen(server, options.port);
  const provider = new Provider(url, await configure(options));
  registerTokenExchange({ provider, indicator: options.indicator });
  provider.on('server_error', (_ctx, error) => console.error('[demo bank]', error));
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (!handleInteraction(provider, request, response)) void callback(request, response);
  });
  return { url, stop: () => close(server) };
}

async function configure(options: AuthorizationServerOptions): Promise<Configuration> {
  const folder = options.stateFolder;
  const keys = folder === undefined ? await makeKeys() : await keptKeys(folder);
  const file = folder === undefined ? undefined : new StateFile<BankEntries>(folder, 'bank.json');
  return {
    adapter: createBankStore(file),
    jwks: { keys: [{ ...keys.signing, alg: 'ES256', use: 'sig', kid: 'bank-1' }] },
    cookies: { keys: [keys.cookie] },
    clients: clients(options.apiSecret),
    scopes: ['openid', 'offline_access'],
    pkce: { required: () => true },
    findAccount: (_ctx, id) => (id === accountId ? { accountId: id, claims: async () => ({ sub: id }) } : undefined),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    expiresWithSession: async () => false,
    // Named by us alone: a client cannot put anything here.
    extraTokenClaims: (_ctx, token) => ('extra' in token ? token.extra : undefined),
    ttl: {
      AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? 300,
      Session: 86_400,
      Interaction: 600,
      Grant: 30 * 86_400,
      RefreshToken: 30 * 86_400,
      AuthorizationCode: 60,
      IdToken: 300,
    },
    features: features(options),
  };
}

function clients(apiSecret: string): Configuration['clients'] {
  return [
    {
      client_id: clientId,
      client_name: 'Counterfoil',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', tokenExchange],
      response_types: ['code'],
      // The port of a loopback redirect is free (RFC 8252, section 7.3).
      redirect_uris: ['http://127.0.0.1/callback'],
      id_token_signed_response_alg: 'ES256',
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      authorization_details_types: detailTypes,
    },
    {
      client_id: apiClientId,
      client_secret: apiSecret,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: [],
      response_types: [],
      redirect_uris: [],
      id_token_signed_response_alg: 'ES256',
    },
  ];
}

function features({ indicator, accessTokenSeconds = 600 }: AuthorizationServerOptions): Configuration['features'] {
  const type = {
    validate: (_ctx: unknown, detail: unknown) => {
      const fault = findDetailFault(detail, indicator);
      if (fault !== undefined) throw new errors.InvalidAuthorizationDetails('a detail is not well-formed');
    },
  };
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: false },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    introspection: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => client.clientId === apiClientId || client.clientId === token.clientId,
    },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => client.clientId === token.clientId },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, _client, oneOf) => oneOf ?? indicator,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => {
        if (resource !== indicator) throw new errors.InvalidTarget();
        return { scope: scopes.join(' '), audience: indicator, accessTokenTTL: accessTokenSeconds, accessTokenFormat: 'opaque' };
      },
    },
    richAuthorizationRequests: {
      enabled: true,
      types: Object.fromEntries(detailTypes.map((name) => [name, type])),
      authorizationDetailsForGrantSource: (ctx) => ctx.oidc.grant?.rar,
      authorizationDetailsForAccessToken: (_ctx, _token, source) => (source as { rar?: never } | undefined)?.rar,
      authorizationDetailsForIntrospection: (_ctx, token) => (token as unknown as { rar?: never }).rar,
    },
  };
}

async function makeKeys(): Promise<ServerKeys> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { signing: await exportJWK(privateKey), cookie: randomBytes(32).toString('base64url') };
}

async function keptKeys(folder: string): Promise<ServerKeys> {
  const fresh = await makeKeys();
  return new StateFile<ServerKeys>(folder, 'bank-keys.json').readOrMake(() => fresh);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, api: { type: 'string' }, state: { type: 'string' } },
  });
  const stateFolder = values.state ?? defaultStateFolder();
  const running = await startAuthorizationServer({
    port: Number(values.port ?? authorizationServerPort),
    indicator: values.api ?? `http://127.0.0.1:${apiPort}`,
    apiSecret: apiSecretIn(stateFolder),
    stateFolder,
  });
  console.log(`Demo Bank sign-in at ${running.url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void running.stop().then(() => process.exit(0)));
}
