import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Agents } from '../agents/agents.ts';
import type { Clock } from '../base/clock.ts';
import { epochSeconds } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import type { AgentId, GrantId } from '../base/ids.ts';
import { asId, newId } from '../base/ids.ts';
import { proofAlgorithms } from '../base/proof-algorithms.ts';
import { coversDetails, knownDetailTypes, parseDetails, parseDetailsText } from '../details/details.ts';
import type { Grants } from '../grants/grants.ts';
import type { AdapterDeps } from './adapter.ts';
import { createAdapter, isOneTokenRevoked } from './adapter.ts';
import type { BackchannelRequests } from './backchannel-request.ts';
import { checkBindingMessage } from './backchannel-request.ts';
import { checkAssertion } from './check-assertion.ts';
import { checkRegistration } from './check-registration.ts';
import { requestLifetime } from './request-lifetime.ts';
import type { ServerKey } from './server-key.ts';

export interface ProviderDeps extends AdapterDeps {
  readonly clock: Clock;
  readonly agents: Agents;
  readonly grants: Grants;
  readonly requests: BackchannelRequests;
  readonly serverKey: ServerKey;
  /** `clock.elapsed()` when this run began: assertions made before belong to an earlier one. */
  readonly startedAtElapsed: number;
}

/** Seconds. */
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
    claims: { openid: ['sub'] },
    responseTypes: [],
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256'],
      clientAuthSigningAlgValues: [...proofAlgorithms],
      dPoPSigningAlgValues: [...proofAlgorithms],
    },
    clockTolerance: clockToleranceSeconds,
    formats: { bitsOfOpaqueRandomness: 256 },
    findAccount: (_ctx, id) => (id === deps.subject ? { accountId: id, claims: () => ({ sub: id }) } : undefined),
    assertJwtClientAuthClaimsAndHeader: async (ctx, claims) => checkAssertion(claims, assertionOf(ctx), deps),
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    revokeGrantPolicy: () => !isOneTokenRevoked(),
    // security: rule 24, each token names the receipt of the approval that it comes from
    extraTokenClaims: async (_ctx, token) => ({
      receipt_id: deps.grants.getLive(asId<GrantId>(('grantId' in token && token.grantId) || '')).receiptId,
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

function lifetimes({ grants, clock }: ProviderDeps): NonNullable<Configuration['ttl']> {
  const restOf = (grantId: string | undefined): number => {
    const grant = grants.getLive(asId<GrantId>(grantId ?? ''));
    const seconds = Math.floor(grant.expiresAt / 1000) - epochSeconds(clock);
    if (seconds < 1) throw new Refusal('grant_expired', 'The time of this grant is over.');
    return seconds;
  };
  return {
    AccessToken: (_ctx, token) => Math.min(longestAccessToken, restOf(token.grantId)),
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
        Object.assign(ctx.oidc, { body: checkRegistration(ctx.oidc.body ?? {}) });
        return newId<AgentId>('agent');
      },
    },
    introspection: {
      enabled: true,
      allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId && mayAct(deps, client.clientId),
    },
    revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
    ciba: ciba(deps),
    resourceIndicators: resourceIndicators(deps),
    richAuthorizationRequests: richAuthorizationRequests(deps),
  } satisfies Configuration['features'];
}

type Features = NonNullable<Configuration['features']>;

function ciba({ requests, subject }: ProviderDeps): NonNullable<Features['ciba']> {
  return {
    enabled: true,
    deliveryModes: ['poll'],
    processLoginHint: async (_ctx, hint) => (hint === 'me' ? subject : undefined),
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
    defaultResource: async () => {
      throw new Refusal('resource_unknown', 'A request names its resource.', {
        hint: `Send resource=${issuer}/proxy/<id> (RFC 8707).`,
      });
    },
    useGrantedResource: async () => true,
    getResourceServerInfo: async (_ctx, indicator) => ({
      scope: requests.resource(indicator).scopes.join(' '),
      audience: indicator,
      accessTokenTTL: longestAccessToken,
      // Opaque: a token stops at once when its grant ends.
      accessTokenFormat: 'opaque',
    }),
  };
}

function richAuthorizationRequests(deps: ProviderDeps) {
  const granted = (grantId: string | undefined) =>
    deps.grants.getLive(asId<GrantId>(grantId ?? '')).details.map((detail) => ({ ...detail }));
  const validate = (_ctx: KoaContextWithOIDC, detail: object): void => {
    parseDetails([detail]);
  };
  return {
    enabled: true,
    types: Object.fromEntries(knownDetailTypes().map((type) => [type, { validate }])),
    authorizationDetailsForGrantSource: (_ctx, source) => source.rar,
    authorizationDetailsForAccessToken: (ctx, token) => {
      const details = granted('grantId' in token ? token.grantId : undefined);
      assertSameDetails(ctx.oidc.params?.['authorization_details'], details);
      return details;
    },
    authorizationDetailsForIntrospection: (_ctx, token) => granted('grantId' in token ? token.grantId : undefined),
  } satisfies Features['richAuthorizationRequests'] & { enabled: true; authorizationDetailsForIntrospection: unknown };
}

/**
 * A token request may repeat what was granted. Less would be a narrowing that nobody enforces, because what is allowed is
 * read from the grant; more is never given (RFC 9396, 6).
 */
function assertSameDetails(text: unknown, granted: Parameters<typeof coversDetails>[0]): void {
  if (typeof text !== 'string') return;
  const asked = parseDetailsText(text);
  if (!coversDetails(asked, granted)) throw new errors.InvalidAuthorizationDetails('more than the grant allows');
  // security: rule 7
  if (coversDetails(granted, asked)) return;
  throw new Refusal('details_invalid', 'A token carries all of its grant.', {
    hint: 'Leave authorization_details out, or send a new request for less.',
  });
}

function mayAct({ agents }: ProviderDeps, clientId: string): boolean {
  return agents.find(asId<AgentId>(clientId))?.state === 'accepted' && !agents.paused();
}
