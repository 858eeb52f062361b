import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Agents } from '../agents/agents.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { Clock } from '../base/clock.ts';
import { epochSeconds } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import type { AgentId, GrantId } from '../base/ids.ts';
import { asId, newId } from '../base/ids.ts';
import { proofAlgorithms } from '../base/proof-algorithms.ts';
import type { Grants } from '../grants/grants.ts';
import type { AdapterDeps } from './adapter.ts';
import { createAdapter, isOneTokenRevoked } from './adapter.ts';
import type { BackchannelRequests } from './backchannel-request.ts';
import { checkBindingMessage } from './binding-message.ts';
import type { CallerLimits, Work } from './caller-limits.ts';
import { checkAssertion } from './check-assertion.ts';
import { checkRegistration } from './check-registration.ts';
import type { Introspection } from './introspection.ts';
import { cibaGrantType, libraryTypesOf } from './library-internals.ts';
import { requestLifetime } from './request-lifetime.ts';
import { admitRegisteredTypes, richAuthorizationRequests } from './rich-authorization-requests.ts';
import type { ServerKey } from './server-key.ts';
import { requestSigningAlgorithms } from './signed-request.ts';
import { grantIdOf, longestSignedToken, signedTokenNoter } from './signed-tokens.ts';

export interface ProviderDeps extends AdapterDeps {
  readonly clock: Clock;
  readonly agents: Agents;
  readonly approvals: Approvals;
  readonly grants: Grants;
  readonly requests: BackchannelRequests;
  readonly introspection: Introspection;
  readonly serverKey: ServerKey;
  readonly callers: CallerLimits;
  /** `clock.elapsed()` when this run began: assertions made before belong to an earlier one. */
  readonly startedAtElapsed: number;
}

/** Seconds. A token that nobody can stop lives shorter: `signed-tokens.ts`. */
const longestAccessToken = 300;
const clockToleranceSeconds = 5;

export const routes = {
  registration: '/register',
  backchannel_authentication: '/bc-authorize',
  token: '/token',
  introspection: '/introspect',
  revocation: '/revoke',
  jwks: '/jwks',
} as const;

/** What the library is told. Everything that is not offered is switched off, and the gate knows no path to it. */
export function providerConfiguration(deps: ProviderDeps): Configuration {
  return {
    adapter: createAdapter(deps),
    jwks: { keys: [deps.serverKey] },
    routes,
    scopes: ['openid'],
    // Of Auth0's clients: `audience` is `resource`, and `request_expiry` was the name of `requested_expiry`.
    extraParams: ['audience', 'request_expiry'],
    extraClientMetadata: { properties: ['ping_endpoint'] },
    claims: { openid: ['sub'] },
    responseTypes: [],
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256'],
      clientAuthSigningAlgValues: [...proofAlgorithms],
      dPoPSigningAlgValues: [...proofAlgorithms],
      requestObjectSigningAlgValues: [...requestSigningAlgorithms],
    },
    clockTolerance: clockToleranceSeconds,
    formats: { bitsOfOpaqueRandomness: 256, customizers: { jwt: signedTokenNoter(deps.payloads) } },
    findAccount: (_ctx, id) => (id === deps.subject ? { accountId: id, claims: () => ({ sub: id }) } : undefined),
    assertJwtClientAuthClaimsAndHeader: async (ctx, claims) => {
      checkAssertion(claims, assertionOf(ctx), deps);
      // Here the agent is known, and nothing has been written for it yet.
      deps.callers.chargeAgent(ctx.req, asId<AgentId>(ctx.oidc.client?.clientId ?? ''), workOf(ctx));
      deps.introspection.assertPace(ctx);
    },
    issueRefreshToken: async (_ctx, client, source) => client.grantTypeAllowed('refresh_token') && mayRefresh(source, deps),
    rotateRefreshToken: true,
    revokeGrantPolicy: () => !isOneTokenRevoked(),
    // security: rule 24, each token names the receipt of the approval that it comes from
    extraTokenClaims: async (_ctx, token) => ({
      receipt_id: deps.grants.getLive(asId<GrantId>(grantIdOf(token))).receiptId,
    }),
    renderError: (ctx, out) => {
      // An agent that accepts anything is no browser: there is no page to show.
      ctx.body = out;
    },
    ttl: lifetimes(deps),
    features: features(deps),
  };
}

function assertionOf(ctx: KoaContextWithOIDC): unknown {
  return ctx.oidc.params?.['client_assertion'];
}

/** A question about a token is one of a call: a resource server asks at each. */
function workOf(ctx: KoaContextWithOIDC): Work {
  if (ctx.oidc.route === 'introspection') return 'call';
  return ctx.oidc.params?.['grant_type'] === cibaGrantType ? 'poll' : 'other';
}

function lifetimes({ grants, clock }: ProviderDeps): NonNullable<Configuration['ttl']> {
  const restOf = (grantId: string | undefined): number => {
    const grant = grants.getLive(asId<GrantId>(grantId ?? ''));
    const seconds = Math.floor(grant.expiresAt / 1000) - epochSeconds(clock);
    if (seconds < 1) throw new Refusal('grant_expired', 'The time of this grant is over.');
    return seconds;
  };
  return {
    AccessToken: (_ctx, token) =>
      Math.min(token.resourceServer?.accessTokenFormat === 'jwt' ? longestSignedToken : longestAccessToken, restOf(token.grantId)),
    RefreshToken: (_ctx, token) => restOf(token.grantId),
    BackchannelAuthenticationRequest: (ctx) => requestLifetime(ctx.oidc.params?.['requested_expiry']),
    IdToken: longestAccessToken,
    Grant: longestAccessToken,
  };
}

function features(deps: ProviderDeps) {
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    // Proofs are verified by us before the library is asked: see library-internals.ts.
    dPoP: { enabled: true, allowReplay: true },
    registration: {
      enabled: true,
      initialAccessToken: false,
      issueRegistrationAccessToken: false,
      idFactory: (ctx) => {
        // The library's first call with the parsed body: later it reads what is left here.
        const body = checkRegistration(ctx.oidc.body ?? {}, deps.approvals.settings());
        admitRegisteredTypes(libraryTypesOf(ctx.oidc.provider), body['authorization_details_types'], deps);
        Object.assign(ctx.oidc, { body });
        return newId<AgentId>('agent');
      },
    },
    introspection: {
      enabled: true,
      allowedPolicy: async (_ctx, client, token) => deps.introspection.mayTell(client.clientId, token),
    },
    revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
    ciba: ciba(deps),
    // The signature is verified after this.
    requestObjects: { enabled: true, assertJwtClaimsAndHeader: async (ctx) => deps.requests.checkSigned(ctx) },
    resourceIndicators: resourceIndicators(deps),
    richAuthorizationRequests: richAuthorizationRequests(deps),
  } satisfies Configuration['features'];
}

type Features = NonNullable<Configuration['features']>;

function ciba({ requests, subject }: ProviderDeps): NonNullable<Features['ciba']> {
  return {
    enabled: true,
    // Pings are sent by us: the library knows none to a loopback address.
    deliveryModes: ['poll'],
    // Hints were judged in `check`.
    processLoginHint: async () => subject,
    processLoginHintToken: async () => undefined,
    verifyUserCode: async () => {},
    validateRequestContext: async (ctx) => requests.check(ctx),
    validateBindingMessage: async (_ctx, message) => checkBindingMessage(message),
    triggerAuthenticationDevice: async (ctx, request) => requests.ask(ctx, request),
  };
}

function resourceIndicators({ requests, issuer }: ProviderDeps): NonNullable<Features['resourceIndicators']> {
  return {
    enabled: true,
    defaultResource: async (ctx) => {
      const audience = ctx.oidc.params?.['audience'];
      if (typeof audience === 'string') return audience;
      throw new Refusal('resource_unknown', 'A request names its resource.', {
        hint: `Send resource=${issuer}/proxy/<id> (RFC 8707).`,
      });
    },
    useGrantedResource: async () => true,
    getResourceServerInfo: async (_ctx, indicator) => {
      const { scopes, local } = requests.resource(indicator);
      const served = { scope: scopes.join(' '), audience: indicator };
      // An opaque token stops at once when its grant ends; a signed one cannot be stopped, so only who does not ask gets it.
      if (local?.by !== 'signature') return { ...served, accessTokenTTL: longestAccessToken, accessTokenFormat: 'opaque' };
      return { ...served, accessTokenTTL: longestSignedToken, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } };
    },
  };
}

/** We see no use of a signed token, so where uses are limited there is one token and no other. @see RFC 9396, section 5 */
function mayRefresh(source: object, { connections, grants }: ProviderDeps): boolean {
  const grant = grants.find(asId<GrantId>(grantIdOf(source)));
  const resource = grant && connections.findResource(grant.resourceId);
  return grant !== undefined && !(grant.usesAllowed !== undefined && resource?.local?.by === 'signature');
}
