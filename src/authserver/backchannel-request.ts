import type { KoaContextWithOIDC } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Agents } from '../agents/agents.ts';
import type { Approval, ApprovalRequest, Approvals, Repeat } from '../approvals/approvals.ts';
import { type Clock, epochSeconds } from '../base/clock.ts';
import type { AgentId } from '../base/ids.ts';
import { asId, hashOf } from '../base/ids.ts';
import type { Connections, Resource } from '../connections/connections.ts';
import type { ProcessIdentity } from '../platform/process-identity.ts';
import type { Vault } from '../vault/vault.ts';
import { askedOf, resourceOf, type SentParameters } from './asked-of.ts';
import { pollIntervalSeconds } from './held-polls.ts';
import { checkHints, type HintDeps } from './login-hints.ts';
import { faultOfNotificationToken } from './notification-endpoint.ts';
import { evidenceOfPeer } from './peer-evidence.ts';
import type { Pings } from './pings.ts';
import { boxSignedRequest } from './recheck-request.ts';
import { repeatOf } from './repeat-of.ts';
import { assertSameContent, type RepeatedRequests } from './repeated-requests.ts';
import { requestedExpiryOf } from './request-lifetime.ts';
import { readSignedRequest, type SignedRequest } from './signed-request.ts';
import type { ProofVerifier } from './verify-proof.ts';

export interface BackchannelDeps extends HintDeps {
  readonly agents: Agents;
  readonly approvals: Approvals;
  readonly connections: Connections;
  readonly processes: ProcessIdentity;
  readonly proofs: ProofVerifier;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly pings: Pings;
  readonly repeats: RepeatedRequests;
}

/** A request that the library wrote down. */
interface WrittenRequest {
  readonly jti: string;
  /** Seconds that it lives. */
  readonly expiration: number;
  destroy(): Promise<unknown>;
}

/** What was read from a request, until the question is put. */
interface Read {
  readonly request: Omit<ApprovalRequest, 'authReqHash' | 'expiresAt' | 'evidence'>;
  readonly notificationToken: string | undefined;
}

/**
 * What is ours in a backchannel authentication request, in the order in which the library calls it: signed request, resource, whole
 * request, binding message, lifetime; then, with the request on disk, the question to the person.
 */
export class BackchannelRequests {
  readonly #deps: BackchannelDeps;
  readonly #signed = new WeakMap<KoaContextWithOIDC, SignedRequest>();
  readonly #read = new WeakMap<KoaContextWithOIDC, Read>();

  constructor(deps: BackchannelDeps) {
    this.#deps = deps;
  }

  /** The resource of an indicator. Refuses `resource_unknown`, with what may be asked for in the hint. */
  resource(indicator: string): Resource {
    return resourceOf(indicator, this.#deps);
  }

  /** Reads the request object, before the library verifies its signature. */
  checkSigned(ctx: KoaContextWithOIDC): void {
    const { issuer, clock } = this.#deps;
    this.#signed.set(ctx, readSignedRequest(ctx.oidc.body ?? {}, { issuer, now: epochSeconds(clock) }));
  }

  /** Reads the request as a whole, before anything is kept. */
  check(ctx: KoaContextWithOIDC): void {
    const { agents, proofs, issuer, vault } = this.#deps;
    const params: Record<string, unknown> = ctx.oidc.params ?? {};
    const agentId = asId<AgentId>(ctx.oidc.client?.clientId ?? '');
    const agent = agents.assertMayAsk(agentId);
    checkHints(params, agentId, this.#deps);
    // The library asks again, and knows the one name only.
    Object.assign(params, { login_hint: 'me', login_hint_token: undefined, id_token_hint: undefined });
    params['requested_expiry'] = requestedExpiryOf(params);
    const asked = askedOf(params, this.#deps);
    const proof =
      ctx.req.headers.dpop === undefined ? undefined : proofs.verify(ctx.req, { url: `${issuer}/bc-authorize`, agent: agentId });
    const signed = this.#signed.get(ctx);
    const repeat = repeatOf({ agentId, ...(signed === undefined ? {} : { signed }) }, ctx, proof?.thumbprint);
    const message = params['binding_message'];
    this.#read.set(ctx, {
      request: {
        agentId,
        ...asked,
        ...(typeof message === 'string' ? { bindingMessage: message } : {}),
        ...(proof === undefined ? {} : { requestedJkt: proof.thumbprint }),
        ...(repeat === undefined ? {} : { repeat }),
        ...(signed === undefined || repeat === undefined ? {} : { signedRequest: boxSignedRequest(vault, repeat, signed.text) }),
      },
      notificationToken: notificationTokenOf(agent.metadata, signed?.claims ?? ctx.oidc.body ?? {}),
    });
  }

  /**
   * Puts the question to the person; the request is on disk already, and is taken back when the question is refused.
   * A request without a question, as a crash between the two would leave it, is never redeemable. One that was asked before and
   * whose answer was lost is the same question.
   */
  async ask(ctx: KoaContextWithOIDC, written: WrittenRequest): Promise<void> {
    const read = this.#read.get(ctx);
    if (read === undefined) throw new Error('the request was not checked');
    const evidence = await evidenceOfPeer(this.#deps.processes, ctx.req.socket);
    try {
      const { authReqId, expiresAt } = this.#answerAgain(read, written) ?? this.#open(read, written, evidence);
      if (authReqId !== written.jti) await written.destroy();
      const expires_in = Math.ceil((expiresAt - this.#deps.clock.now()) / 1000);
      ctx.body = { ...(ctx.body as object), auth_req_id: authReqId, expires_in, interval: pollIntervalSeconds };
    } catch (error) {
      await written.destroy();
      throw error;
    }
  }

  #open({ request, notificationToken }: Read, written: WrittenRequest, evidence: ApprovalRequest['evidence']): Answer {
    const { approvals, clock } = this.#deps;
    const answer = { authReqId: written.jti, expiresAt: (epochSeconds(clock) + written.expiration) * 1000 };
    this.#keepPing(answer, notificationToken);
    try {
      approvals.open({ ...request, authReqHash: hashOf(answer.authReqId), expiresAt: answer.expiresAt, evidence });
    } catch (error) {
      if (notificationToken !== undefined) this.#deps.pings.forget(hashOf(answer.authReqId));
      throw error;
    }
    if (request.repeat !== undefined) this.#deps.repeats.remember(request.repeat, answer);
    return answer;
  }

  /** The answer to a request that was sent before, or `undefined` when it was not. */
  #answerAgain({ request, notificationToken }: Read, written: WrittenRequest): Answer | undefined {
    const { approvals, repeats, pings } = this.#deps;
    const { repeat } = request;
    if (repeat === undefined) return undefined;
    const given = repeats.find(repeat);
    if (given !== undefined) return given;
    const earlier = approvals.findRepeat(repeat.key);
    if (earlier === undefined) return undefined;
    this.#assertMayAskAgain(earlier, repeat);
    // The first id is known to nobody: the agent lost it, and we keep a hash of it only.
    const answer = { authReqId: written.jti, expiresAt: earlier.expiresAt };
    approvals.askedAgain(earlier.id, hashOf(answer.authReqId));
    pings.forget(earlier.authReqHash);
    this.#keepPing(answer, notificationToken);
    repeats.remember(repeat, answer);
    return answer;
  }

  #assertMayAskAgain({ state, expiresAt, repeat: first }: Approval, repeat: Repeat): void {
    assertSameContent(repeat, first?.content ?? '');
    const isOver = state === 'approved' || expiresAt <= this.#deps.clock.now();
    if (isOver) throw new errors.InvalidRequest('this was asked before, and is over: send a new request');
  }

  #keepPing({ authReqId, expiresAt }: Answer, token: string | undefined): void {
    if (token !== undefined) this.#deps.pings.keep({ authReqId, token, expiresAt });
  }
}

/** The id by which a question goes, and its absolute end. */
interface Answer {
  readonly authReqId: string;
  readonly expiresAt: number;
}

/** `undefined` for an agent that polls: there it means nothing (CIBA Core 1.0, section 7.1). */
function notificationTokenOf(metadata: Readonly<Record<string, unknown>>, sent: SentParameters): string | undefined {
  if (metadata['ping_endpoint'] === undefined) return undefined;
  const token = sent['client_notification_token'];
  const fault = faultOfNotificationToken(token);
  if (fault !== undefined) throw new errors.InvalidRequest(`client_notification_token ${fault}`);
  return String(token);
}
