import { type EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { Provider } from 'oidc-provider';
import { Refusal } from '../base/errors.ts';
import type { GateRules, RequestHandler, RouteRule } from '../gate/gate.ts';
import { checkRequest, rateLimitFields, sendProblem, setSecurityHeaders } from '../gate/gate.ts';
import { AnswersGiven } from './answers-given.ts';
import { authenticateCall } from './authenticate-call.ts';
import type { AuthServer, AuthServerDeps, CallIdentity } from './authserver.ts';
import { BackchannelRequests } from './backchannel-request.ts';
import { CallerLimits } from './caller-limits.ts';
import { shownRegistration } from './check-registration.ts';
import { answerDescription, isDescription, resourceMetadataPath, typesPath } from './describe-types.ts';
import { answerErrorsPage } from './errors-page.ts';
import { HeldPolls } from './held-polls.ts';
import { Introspection } from './introspection.ts';
import { libraryTypesOf, offeredGrantTypes } from './library-internals.ts';
import { truthfulMetadata } from './metadata.ts';
import { Payloads } from './payloads.ts';
import { Pings } from './pings.ts';
import { ProgramsSeen } from './programs-seen.ts';
import { answerProof, provePath, ServerProof } from './prove-server.ts';
import { providerConfiguration, routes } from './provider-configuration.ts';
import { RequestRecheck } from './recheck-request.ts';
import { RepeatedRequests } from './repeated-requests.ts';
import { admitRegisteredTypes } from './rich-authorization-requests.ts';
import { ServerKey, subjectOf } from './server-key.ts';
import { registerGrantTypes } from './token-endpoint.ts';
import { ProofVerifier } from './verify-proof.ts';
import { errorsPath, sendWireError, type WireError, wireErrorOf, wireErrorOfLibrary } from './wire-errors.ts';
import { type WithdrawDeps, withdrawRequest } from './withdraw-request.ts';

/** The authorization server for one issuer. Call it once the issuer's port is bound. */
export function createAuthServer(deps: AuthServerDeps): AuthServer {
  return new LoopbackAuthServer(deps);
}

/** The library reads bodies itself and stops at 56 KiB. */
const maxBodyBytes = 56 * 1024;
const form = { methods: ['POST'], mediaTypes: ['application/x-www-form-urlencoded'], maxBytes: maxBodyBytes } as const;
const document = { methods: ['GET', 'HEAD'] } as const;

/** Everything that is answered here. Tests attack each of them. */
export const agentRoutes: readonly RouteRule[] = [
  { path: '/.well-known/oauth-authorization-server', ...document },
  { path: '/.well-known/openid-configuration', ...document },
  { path: provePath, ...document },
  { path: errorsPath, ...document },
  { path: typesPath, ...document },
  { path: `${typesPath}/`, prefix: true, ...document },
  { path: `${resourceMetadataPath}/`, prefix: true, ...document },
  { path: routes.jwks, ...document },
  { path: routes.registration, methods: ['POST'], mediaTypes: ['application/json'], maxBytes: maxBodyBytes },
  { path: routes.backchannel_authentication, ...form },
  { path: routes.token, ...form },
  { path: routes.introspection, ...form },
  { path: routes.revocation, ...form },
];

/** Where an agent authenticates by its key. */
const agentPaths: ReadonlySet<string> = new Set([
  routes.backchannel_authentication,
  routes.token,
  routes.introspection,
  routes.revocation,
]);

class LoopbackAuthServer implements AuthServer {
  readonly #deps: AuthServerDeps;
  readonly #rules: GateRules;
  readonly #answers: AnswersGiven;
  readonly #proofs: ProofVerifier;
  readonly #payloads: Payloads;
  readonly #polls: HeldPolls;
  readonly #pings: Pings;
  readonly #repeats: RepeatedRequests;
  readonly #proof: ServerProof;
  readonly #programs: ProgramsSeen;
  readonly #callers: CallerLimits;
  readonly #startedAtElapsed: number;
  readonly #answering = new Set<ServerResponse>();
  #library: RequestHandler | undefined;

  constructor(deps: AuthServerDeps) {
    this.#deps = deps;
    this.#rules = { hosts: [new URL(deps.issuer).host], origins: [], routes: agentRoutes };
    this.#proofs = new ProofVerifier(deps.clock, deps.quotas);
    this.#callers = new CallerLimits(deps);
    this.#payloads = new Payloads(deps);
    this.#answers = new AnswersGiven(deps.clock);
    this.#polls = new HeldPolls(deps.clock);
    this.#pings = new Pings(deps);
    this.#repeats = new RepeatedRequests(deps.clock);
    new RequestRecheck(deps).begin();
    this.#proof = new ServerProof(deps);
    this.#programs = new ProgramsSeen(deps);
    this.#startedAtElapsed = deps.clock.elapsed();
    deps.changes.subscribe((notice) => {
      if (notice.topic === 'agents') this.#polls.releaseAll();
    });
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    void this.#answerTo(request, response);
  }

  async #answerTo(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let path: string;
    try {
      ({ path } = checkRequest(request, this.#rules));
    } catch (error) {
      sendProblem(response, error);
      return;
    }
    this.#answering.add(response);
    response.once('close', () => this.#answering.delete(response));
    try {
      await this.#callers.admit(request, agentPaths.has(path));
      if (path === errorsPath) {
        answerErrorsPage(request, response);
        return;
      }
      this.#polls.assertGoesOn();
      this.#assertReadyFor(path);
      if (path === provePath) {
        answerProof(request, response, this.#proof);
        return;
      }
      if (isDescription(path)) {
        answerDescription({ path, request, response }, this.#deps);
        return;
      }
      const library = (this.#library ??= this.#build());
      setSecurityHeaders(response);
      library(request, response);
    } catch (error) {
      if (!(error instanceof Refusal)) this.#deps.log.error({ error: stackOf(error) }, 'the authorization server failed');
      sendWireError(response, error, this.#deps.issuer);
    }
  }

  async authenticateCall(request: IncomingMessage, url: string): Promise<CallIdentity> {
    const callers = this.#callers;
    await callers.admit(request, true);
    try {
      const identity = authenticateCall(request, url, { ...this.#deps, payloads: this.#payloads, proofs: this.#proofs, callers });
      // security: rule 14
      await this.#programs.assertSame(request.socket, identity.grantId);
      return { ...identity, quotaFields: rateLimitFields(callers.statesOf(request)) };
    } finally {
      callers.settle(request);
    }
  }

  prove(challenge: string): string {
    return this.#proof.prove(challenge, 'socket');
  }

  nonce(): string {
    return this.#proofs.nonces.next();
  }

  async stop(): Promise<void> {
    this.#pings.stop();
    const sockets = this.#polls.stop();
    const leaving = [...this.#answering].filter((response) => sockets.has(response.req.socket));
    await Promise.all(leaving.map((response) => once(response, 'close')));
  }

  sweep(): void {
    this.#payloads.sweep();
    this.#answers.sweep();
    this.#pings.sweep();
    this.#repeats.sweep();
    const waiting = new Set(this.#deps.approvals.listPending().map((approval) => approval.agentId));
    this.#deps.agents.dropStale((id) => waiting.has(id));
  }

  #assertReadyFor(path: string): void {
    const state = this.#deps.vault.state();
    if (state === 'absent')
      throw new Refusal('vault_absent', 'This program is not set up yet.', { hint: 'The person has to open it once.' });
    // Stored tokens cannot be told from forged ones while locked.
    if (path === routes.introspection && state === 'locked')
      throw new Refusal('vault_locked', 'The person has locked this program.');
  }

  #build(): RequestHandler {
    const { vault, issuer } = this.#deps;
    const jwk = vault.serverPublicJwk();
    if (jwk === undefined) throw new Refusal('vault_absent', 'This program is not set up yet.');
    const parts = { ...this.#deps, payloads: this.#payloads, proofs: this.#proofs, subject: subjectOf(jwk), polls: this.#polls };
    const asking = { ...parts, pings: this.#pings, repeats: this.#repeats, serverPublicJwk: jwk };
    const requests = new BackchannelRequests(asking);
    const introspection = new Introspection(parts);
    const serverKey = new ServerKey(vault, jwk);
    const provider = new Provider(
      issuer,
      providerConfiguration({
        ...parts,
        callers: this.#callers,
        requests,
        introspection,
        serverKey,
        startedAtElapsed: this.#startedAtElapsed,
      }),
    );
    for (const agent of this.#deps.agents.list()) {
      admitRegisteredTypes(libraryTypesOf(provider), agent.metadata['authorization_details_types'], parts);
    }
    registerGrantTypes({ ...parts, provider, programs: this.#programs, answers: this.#answers });
    this.#listenTo(provider, { ...parts, introspection });
    const callback = provider.callback();
    return (request, response) => void callback(request, response);
  }

  #listenTo(provider: Provider, parts: WithdrawDeps & { readonly introspection: Introspection }): void {
    const { issuer, connections, log } = this.#deps;
    provider.use(async (ctx, next) => {
      await next();
      if (ctx.path === routes.introspection) parts.introspection.settle(ctx as KoaContextWithOIDC);
      // security: the library answers requests without an Origin with `*`
      ctx.remove('Access-Control-Allow-Origin');
      ctx.remove('Access-Control-Expose-Headers');
      if (ctx.path.startsWith('/.well-known/') && ctx.status === 200) {
        ctx.body = truthfulMetadata(ctx.body as Readonly<Record<string, unknown>>, { issuer, connections });
      }
      if (ctx.path === routes.registration && ctx.status === 201)
        ctx.body = shownRegistration(ctx.body as Readonly<Record<string, unknown>>);
      if (ctx.path === routes.revocation && ctx.status === 200) this.#withdraw(ctx as unknown as KoaContextWithOIDC, parts);
      if (ctx.status >= 400) this.#answerInOurWords(ctx as KoaContextWithOIDC);
      if (agentPaths.has(ctx.path)) this.#callers.settle(ctx.req);
      // undefined, whatever the library's types say
      if (!ctx.response.get('RateLimit')) ctx.set(rateLimitFields(this.#callers.statesOf(ctx.req)));
    });
    provider.on('server_error', (ctx, error) => {
      if (!(error instanceof Refusal)) log.error({ error: stackOf(error), path: ctx.path }, 'the authorization server failed');
      this.#answerRefusal(ctx, error);
    });
    // the library's types know no event of the framework below it
    (provider as EventEmitter).on('error', (error: unknown) =>
      log.error({ error: stackOf(error) }, 'the authorization server failed'),
    );
  }

  #withdraw(ctx: KoaContextWithOIDC, parts: WithdrawDeps): void {
    try {
      withdrawRequest(ctx, parts);
    } catch (error) {
      if (!(error instanceof Refusal)) this.#deps.log.error({ error: stackOf(error) }, 'the authorization server failed');
      this.#answerRefusal(ctx, error);
    }
  }

  /** A refusal from inside reaches the library as an unknown error; this is where it gets its words. */
  #answerRefusal(ctx: KoaContextWithOIDC, error: unknown): void {
    this.#answer(ctx, wireErrorOf(error, this.#deps.issuer));
  }

  /** What the library refused by itself says the same in the same members as what we refuse. */
  #answerInOurWords(ctx: KoaContextWithOIDC): void {
    const body = ctx.body as { readonly error?: unknown; readonly code?: unknown } | null | undefined;
    if (typeof body?.error !== 'string' || body.code !== undefined) return;
    const error = isGrantTypeNotTheirs(ctx, body.error) ? 'unauthorized_client' : body.error;
    const wire = wireErrorOfLibrary({ ...body, error }, this.#deps.issuer);
    if (wire === undefined) this.#deps.log.warn({ error: body.error }, 'the library refused in words that are not in the table');
    else this.#answer(ctx, wire);
  }

  #answer(ctx: KoaContextWithOIDC, wire: WireError): void {
    ctx.status = wire.status;
    ctx.body = wire.body;
    ctx.set(wire.headers);
    if (wire.body['error'] === 'use_dpop_nonce') ctx.set('DPoP-Nonce', this.nonce());
  }
}

/** RFC 6749, 5.2: an agent that did not register for this grant type; the library calls it `invalid_request`. */
function isGrantTypeNotTheirs(ctx: KoaContextWithOIDC, error: string): boolean {
  const { client, params } = ctx.oidc;
  const grantType = params?.['grant_type'];
  if (error !== 'invalid_request' || ctx.path !== routes.token || typeof grantType !== 'string') return false;
  return offeredGrantTypes.includes(grantType) && client !== undefined && !client.grantTypeAllowed(grantType);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
