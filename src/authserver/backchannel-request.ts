import type { KoaContextWithOIDC } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Agents } from '../agents/agents.ts';
import type { ApprovalRequest, Approvals } from '../approvals/approvals.ts';
import { type Clock, epochSeconds } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import type { AgentId } from '../base/ids.ts';
import { asId, hashOf } from '../base/ids.ts';
import type { Connections, Resource } from '../connections/connections.ts';
import type { Detail } from '../details/details.ts';
import { bindToResource, isKnownType, parseDetailsText, scopesNeededBy } from '../details/details.ts';
import type { ProcessIdentity } from '../platform/process-identity.ts';
import { evidenceOfPeer } from './peer-evidence.ts';
import { isPlainLine } from './plain-line.ts';
import { findByIndicator, indicatorOf } from './resource-url.ts';
import { resourceScopesOf } from './token-request.ts';
import type { ProofVerifier } from './verify-proof.ts';

export interface BackchannelDeps {
  readonly agents: Agents;
  readonly approvals: Approvals;
  readonly connections: Connections;
  readonly processes: ProcessIdentity;
  readonly proofs: ProofVerifier;
  readonly clock: Clock;
  readonly issuer: string;
}

/** Seconds that an agent waits between polls. A poll after a held one may come at once. */
export const pollIntervalSeconds = 1;

const longestBindingMessage = 200;

type Asked = Pick<ApprovalRequest, 'agentId' | 'resourceId' | 'details' | 'scopes' | 'requestedJkt'>;

/**
 * What is ours in a backchannel authentication request, in the order in which the library calls it: resource, whole
 * request, binding message, lifetime; then, with the request on disk, the question to the person.
 */
export class BackchannelRequests {
  readonly #deps: BackchannelDeps;
  readonly #asked = new WeakMap<KoaContextWithOIDC, Asked>();

  constructor(deps: BackchannelDeps) {
    this.#deps = deps;
  }

  /** The resource of an indicator. Refuses `resource_unknown`, with what may be asked for in the hint. */
  resource(indicator: string): Resource {
    const { connections, issuer } = this.#deps;
    const resource = findByIndicator(indicator, { connections, issuer });
    if (resource !== undefined) return resource;
    const known = connections.resources().map((one) => indicatorOf(issuer, one));
    throw new Refusal('resource_unknown', 'This resource is not known here.', {
      hint: known.length === 0 ? 'The person has not connected anything yet.' : `Known resources: ${known.join(' ')}`,
    });
  }

  /** Reads the request as a whole, before anything is kept. */
  check(ctx: KoaContextWithOIDC): void {
    const { agents, approvals, proofs, issuer } = this.#deps;
    const params = ctx.oidc.params ?? {};
    if (params['id_token_hint'] !== undefined && params['login_hint'] === undefined && params['login_hint_token'] === undefined)
      throw new errors.UnknownUserId('only login_hint=me is known here');
    const agentId = asId<AgentId>(ctx.oidc.client?.clientId ?? '');
    agents.assertMayAsk(agentId);
    const resource = this.#onlyResource(params['resource']);
    const unknown = approvals.settings().acceptUnknownTypes ? 'accept' : 'refuse';
    const details = detailsOf(params['authorization_details'], { resource, issuer, unknown });
    const scopes = scopesOf(params['scope'], { resource, details });
    const proof =
      ctx.req.headers.dpop === undefined ? undefined : proofs.verify(ctx.req, { url: `${issuer}/bc-authorize`, agent: agentId });
    this.#asked.set(ctx, {
      agentId,
      resourceId: resource.id,
      details,
      scopes,
      ...(proof === undefined ? {} : { requestedJkt: proof.thumbprint }),
    });
  }

  /**
   * Puts the question to the person; the request is on disk already, and is taken back when the question is refused.
   * A request without a question, as a crash between the two would leave it, is never redeemable.
   */
  async ask(
    ctx: KoaContextWithOIDC,
    request: { readonly jti: string; readonly expiration: number; destroy(): Promise<unknown> },
  ): Promise<void> {
    const { approvals, processes, clock } = this.#deps;
    const asked = this.#asked.get(ctx);
    if (asked === undefined) throw new Error('the request was not checked');
    const message = ctx.oidc.params?.['binding_message'];
    try {
      approvals.open({
        ...asked,
        authReqHash: hashOf(request.jti),
        expiresAt: (epochSeconds(clock) + request.expiration) * 1000,
        evidence: await evidenceOfPeer(processes, ctx.req.socket),
        ...(typeof message === 'string' ? { bindingMessage: message } : {}),
      });
    } catch (error) {
      await request.destroy();
      throw error;
    }
    ctx.body = { ...(ctx.body as object), interval: pollIntervalSeconds };
  }

  #onlyResource(indicator: unknown): Resource {
    const [one, ...others] = Array.isArray(indicator) ? (indicator as readonly unknown[]) : [indicator];
    if (typeof one === 'string' && others.length === 0) return this.resource(one);
    throw new Refusal('resource_unknown', 'A request names exactly one resource.', {
      hint: 'Send one resource parameter (RFC 8707).',
    });
  }
}

/** Refuses by CIBA's own code what could not be shown as one quiet line. */
export function checkBindingMessage(message: unknown): void {
  if (message === undefined) return;
  if (typeof message === 'string' && isPlainLine(message, longestBindingMessage)) return;
  throw new errors.InvalidBindingMessage(`one line of at most ${longestBindingMessage} visible characters`);
}

interface DetailsContext {
  readonly resource: Resource;
  readonly issuer: string;
  readonly unknown: 'refuse' | 'accept';
}

function detailsOf(text: unknown, { resource, issuer, unknown }: DetailsContext): readonly Detail[] {
  if (typeof text !== 'string') {
    throw new Refusal('details_invalid', 'authorization_details is missing.', {
      hint: `Say what you want to do, with the types ${resource.detailTypes.join(', ')} (RFC 9396).`,
    });
  }
  const details = parseDetailsText(text, unknown);
  if (details.some(({ type }) => isKnownType(type) && !resource.detailTypes.includes(type))) {
    throw new Refusal('details_unknown_type', 'One of the types does not belong to this resource.', {
      hint: `Types of this resource: ${resource.detailTypes.join(', ')}`,
    });
  }
  const names = [resource.indicator, indicatorOf(issuer, resource)];
  return details.map((detail) => bindToResource(detail, resource.indicator, names));
}

/** The scopes at the resource: those that were asked for, else those that the details need; never more than they need. */
function scopesOf(text: unknown, asked: { readonly resource: Resource; readonly details: readonly Detail[] }): readonly string[] {
  const named = typeof text === 'string' ? resourceScopesOf(text) : [];
  if (named.some((scope) => !asked.resource.scopes.includes(scope))) {
    throw new Refusal('scope_invalid', 'One of the scopes does not belong to this resource.', {
      hint: `Scopes of this resource: ${asked.resource.scopes.join(' ')}`,
    });
  }
  const needed = scopesNeededBy(asked.details, asked.resource.terms).filter((scope) => asked.resource.scopes.includes(scope));
  if (named.length === 0) return needed;
  // security: a scope that no detail asks for would be granted without a word on the card
  if (named.some((scope) => !needed.includes(scope))) {
    throw new Refusal('scope_invalid', 'One of the scopes is for nothing that authorization_details asks for.', {
      hint: `These details need: ${needed.join(' ')}`,
    });
  }
  return named;
}
