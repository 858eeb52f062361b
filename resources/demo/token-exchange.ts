/**
 * Token exchange (RFC 8693) by the profile of the actor token: the subject is the person's access token, the actor a JWT
 * `typ: actor+jwt` whose header carries the key that signed it. It is accepted when that key also signed the DPoP proof
 * of this very request. What comes out is opaque, bound to that key, names the actor in `act`, is never wider than what
 * was asked or than what the person consented to, lives at most 300 seconds, and has a Grant of its own, so that revoking
 * it leaves the person's sign-in alive.
 */
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { type AccessToken, errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import { buildTokenResponse, checkDpopReplay, validateDpop, validateGrant } from 'oidc-provider/lib/helpers/grants.js';
import { type BankDetail, scopes as bankScopes, findDetailFault, isAtMost, isWithin, paymentCeiling, scopeOf } from './bank.ts';

export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const jwtType = 'urn:ietf:params:oauth:token-type:jwt';
const parameters = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'resource',
  'audience',
  'scope',
  'authorization_details',
];

type ExchangeParameters = Partial<Record<(typeof parameters)[number], string | string[]>>;
type Context = TokenEndpointGrantContext<ExchangeParameters>;

interface ExchangeRules {
  readonly provider: Provider;
  /** The resource indicator of the bank's API. */
  readonly indicator: string;
}

export function registerTokenExchange(rules: ExchangeRules): void {
  const handler = (ctx: Context): Promise<void> => exchange(rules, ctx);
  rules.provider.registerGrantType<ExchangeParameters>(tokenExchange, handler, parameters, ['resource', 'audience']);
}

async function exchange({ provider, indicator }: ExchangeRules, ctx: Context): Promise<void> {
  checkParameters(ctx, indicator);
  const proof = await validateDpop(provider, ctx);
  if (!proof) throw new errors.InvalidDpopProof('a DPoP proof is required');
  const subject = await findSubject(provider, ctx);
  const consent = await validateGrant(provider, ctx, subject.grantId).catch(() => {
    throw new errors.InvalidRequest('the subject token is not good');
  });
  const actor = await verifyActor(provider, ctx, proof.thumbprint);
  await checkDpopReplay(provider, ctx, proof, clientOf(ctx), errors.InvalidDpopProof);

  const scope = narrowScope(text(ctx, 'scope'), subject.scope ?? '');
  const details = narrowDetails(text(ctx, 'authorization_details'), {
    indicator,
    scopes: (subject.scope ?? '').split(' '),
    consented: (consent.rar ?? []) as unknown as BankDetail[],
  });
  const lifetime = Math.min(300, (subject.exp ?? 0) - Math.floor(Date.now() / 1000));
  const token = await issue({ provider, ctx, subject, scope, details, lifetime, indicator, jkt: proof.thumbprint, actor });
  ctx.body = buildTokenResponse(provider, {
    accessToken: token.value,
    issuedTokenType: accessTokenType,
    tokenType: token.type,
    expiresIn: lifetime,
    scope,
    ...(details && { authorizationDetails: details as never }),
  });
}

function checkParameters(ctx: Context, indicator: string): void {
  const { params } = ctx.oidc;
  if (params.subject_token_type !== accessTokenType) throw new errors.InvalidRequest('subject_token_type must be an access token');
  if (!params.subject_token) throw new errors.InvalidRequest('subject_token is missing');
  if (!params.actor_token) throw new errors.InvalidRequest('actor_token is missing: this bank only delegates');
  if (params.actor_token_type !== jwtType) throw new errors.InvalidRequest('actor_token_type must be a JWT');
  if (params.requested_token_type !== undefined && params.requested_token_type !== accessTokenType) {
    throw new errors.InvalidRequest('requested_token_type must be an access token');
  }
  if (params.audience !== undefined || params.resource !== indicator) {
    throw new errors.InvalidTarget('name the resource of this bank, and only that one');
  }
}

function text(ctx: Context, name: string): string | undefined {
  const value = (ctx.oidc.params as ExchangeParameters)[name];
  return typeof value === 'string' ? value : undefined;
}

function clientOf(ctx: Context): string {
  return ctx.oidc.client.clientId;
}

async function findSubject(provider: Provider, ctx: Context): Promise<AccessToken> {
  const subject = await provider.AccessToken.find(text(ctx, 'subject_token') ?? '');
  // A token bound to another key than this request's is taken only from the client it was issued to.
  if (!subject?.isValid || subject.clientId !== clientOf(ctx)) throw new errors.InvalidRequest('the subject token is not good');
  if (subject.extra?.act !== undefined) throw new errors.InvalidRequest('a delegated token is not delegated again here');
  return subject;
}

/** Verifies the actor token and returns its subject: the agent. */
async function verifyActor(provider: Provider, ctx: Context, jkt: string): Promise<string> {
  const clientId = clientOf(ctx);
  const refused = new errors.InvalidRequest('the actor token is not good');
  const verified = await jwtVerify(text(ctx, 'actor_token') ?? '', EmbeddedJWK, {
    typ: 'actor+jwt',
    algorithms: ['ES256'],
    issuer: clientId,
    audience: provider.issuer,
    requiredClaims: ['sub', 'iat', 'exp', 'jti'],
    clockTolerance: 5,
  }).catch(() => undefined);
  const { sub, iat, exp, jti } = verified?.payload ?? {};
  if (!verified || !sub || !jti || iat === undefined || exp === undefined || exp - iat > 60) throw refused;
  if (sub.length > 200 || verified.payload.aud !== provider.issuer) throw refused;
  if (iat > Math.floor(Date.now() / 1000) + 5) throw refused;
  const { jwk } = verified.protectedHeader;
  if (!jwk || (await calculateJwkThumbprint(jwk)) !== jkt) throw refused;
  const { ReplayDetection } = provider as unknown as {
    ReplayDetection: { unique(iss: string, jti: string, exp: number): Promise<boolean> };
  };
  if (!(await ReplayDetection.unique(`actor:${clientId}:${jkt}:`, jti, exp + 10))) throw refused;
  return sub;
}

function narrowScope(asked: string | undefined, held: string): string {
  const resourceScopes: readonly string[] = held.split(' ').filter((scope) => bankScopes.some((known) => known === scope));
  if (asked === undefined) return resourceScopes.join(' ');
  const wanted = asked.split(' ').filter((scope) => scope !== '');
  const tooMuch = wanted.filter((scope) => !resourceScopes.includes(scope));
  if (tooMuch.length > 0) throw new errors.InvalidScope('not within the subject token', tooMuch.join(' '));
  return wanted.join(' ');
}

interface Consent {
  readonly indicator: string;
  readonly scopes: readonly string[];
  readonly consented: readonly BankDetail[];
}

/** The details asked for, proven to be within the person's consent; all that was consented to when none were asked for. */
function narrowDetails(asked: string | undefined, consent: Consent): readonly BankDetail[] | undefined {
  if (asked === undefined) return consent.consented.length > 0 ? consent.consented : undefined;
  const details = JSON.parse(asked) as unknown[];
  for (const detail of details) {
    if (findDetailFault(detail, consent.indicator)) throw new errors.InvalidAuthorizationDetails('a detail is not well-formed');
    if (!isConsented(detail as BankDetail, consent)) throw new errors.InvalidAuthorizationDetails('a detail exceeds the consent');
  }
  return details as BankDetail[];
}

function isConsented(detail: BankDetail, { scopes, consented }: Consent): boolean {
  if (detail.type === 'payment_initiation') {
    return scopes.includes('payments') && isAtMost(detail.instructedAmount, paymentCeiling);
  }
  return scopes.includes(scopeOf(detail)) && consented.some((parent) => isWithin(detail, parent));
}

interface Issue {
  readonly provider: Provider;
  readonly ctx: Context;
  readonly subject: AccessToken;
  readonly scope: string;
  readonly details: readonly BankDetail[] | undefined;
  readonly lifetime: number;
  readonly indicator: string;
  readonly jkt: string;
  readonly actor: string;
}

async function issue(given: Issue): Promise<{ value: string; type: string }> {
  const { provider, ctx, subject } = given;
  const { client } = ctx.oidc;
  const grant = new provider.Grant({ accountId: subject.accountId, clientId: client.clientId });
  grant.addResourceScope(given.indicator, given.scope);
  for (const detail of given.details ?? []) grant.addRar(detail as never);
  const token = new provider.AccessToken({
    client,
    accountId: subject.accountId,
    grantId: await grant.save(),
    gty: 'token_exchange',
    aud: given.indicator,
    scope: given.scope,
    jkt: given.jkt,
    expiresIn: given.lifetime,
    extra: { act: { sub: given.actor, iss: client.clientId } },
    ...(given.details && { rar: given.details as never }),
  });
  ctx.oidc.entity('AccessToken', token);
  return { value: await token.save(), type: token.tokenType };
}
