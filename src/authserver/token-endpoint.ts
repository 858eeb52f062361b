import type { Provider, TokenEndpointGrantContext } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Agents } from '../agents/agents.ts';
import type { Approval, Approvals } from '../approvals/approvals.ts';
import type { Audit } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { AgentId } from '../base/ids.ts';
import { asId, hashOf } from '../base/ids.ts';
import type { Broker } from '../broker/broker.ts';
import type { Grant, Grants } from '../grants/grants.ts';
import type { Vault } from '../vault/vault.ts';
import { type AnswersGiven, whenLost } from './answers-given.ts';
import type { HeldPolls } from './held-polls.ts';
import { cibaGrantType, redeemByLibrary } from './library-internals.ts';
import { lateMs, type Payloads } from './payloads.ts';
import type { ProgramsSeen } from './programs-seen.ts';
import { refresh } from './refresh.ts';
import { issueTogether } from './signed-tokens.ts';
import { assertUnlocked, parameterOf, proofOf } from './token-request.ts';
import type { ProofVerifier, VerifiedProof } from './verify-proof.ts';

export interface TokenEndpointDeps {
  readonly provider: Provider;
  readonly agents: Agents;
  readonly approvals: Approvals;
  readonly grants: Grants;
  readonly broker: Broker;
  readonly audit: Audit;
  readonly vault: Vault;
  readonly payloads: Payloads;
  readonly changes: Changes;
  readonly answers: AnswersGiven;
  readonly clock: Clock;
  readonly proofs: ProofVerifier;
  readonly polls: HeldPolls;
  readonly programs: ProgramsSeen;
  readonly issuer: string;
}

/** How long a poll waits for the person. */
const holdMs = 20_000;

/** Registers our steps in front of the library's own handlers for both grant types. */
export function registerGrantTypes(deps: TokenEndpointDeps): void {
  const details = ['resource', 'authorization_details'];
  deps.provider.registerGrantType(cibaGrantType, (ctx) => poll(ctx, deps), ['auth_req_id', ...details], ['resource']);
  deps.provider.registerGrantType(
    'refresh_token',
    (ctx) => refresh(ctx, deps),
    ['refresh_token', 'scope', ...details],
    ['resource'],
  );
}

/** One poll. The agent is authenticated already. @see CIBA Core 1.0, section 10.1 */
async function poll(ctx: TokenEndpointGrantContext, deps: TokenEndpointDeps): Promise<void> {
  const authReqId = parameterOf(ctx, 'auth_req_id');
  const proof = proofOf(ctx, deps);
  await assertOfThisAgent(ctx, authReqId, deps);
  const asked = deps.approvals.findByRequest(hashOf(authReqId));
  // security: rule 23, the library's row may have been written while locked; whose question it was says the approval
  if (asked === undefined || asked.agentId !== ctx.oidc.client.clientId) throw new errors.InvalidGrant('request not found');
  const pinned = deps.approvals.pinKey(asked.id, proof.thumbprint);
  const answered = await answerOf(ctx, pinned, deps);
  await issue({ ctx, proof, authReqId, approval: answered }, deps);
}

async function assertOfThisAgent(
  ctx: TokenEndpointGrantContext,
  authReqId: string,
  { provider }: TokenEndpointDeps,
): Promise<void> {
  const request = await provider.BackchannelAuthenticationRequest.find(authReqId, { ignoreExpiration: true });
  if (request === undefined || request.clientId !== ctx.oidc.client.clientId) throw new errors.InvalidGrant('request not found');
}

/** The approval once it allows something; holds a pending one for its time. Everything else is thrown. */
async function answerOf(ctx: TokenEndpointGrantContext, asked: Approval, deps: TokenEndpointDeps): Promise<Approval> {
  const { agents, approvals, clock, polls } = deps;
  if (asked.state !== 'pending') return decided(asked, clock);
  agents.assertMayAsk(asked.agentId);
  assertPace(asked, deps);
  const milliseconds = Math.max(0, Math.min(holdMs, asked.expiresAt - clock.now()));
  await polls.hold(asked.id, approvals.waitForDecision(asked.id, milliseconds), ctx.req.socket);
  await assertStillThere(ctx);
  polls.assertGoesOn();
  agents.assertMayAsk(asked.agentId);
  return decided(approvals.find(asked.id) ?? asked, clock);
}

/** An id of which the agent makes a nuisance is dead, and so is its question (CIBA Core 1.0, section 11: `invalid_request`). */
function assertPace({ id }: Approval, { polls, approvals }: TokenEndpointDeps): void {
  try {
    polls.assertPace(id);
  } catch (error) {
    if (error instanceof errors.InvalidRequest) approvals.cancel(id, 'polled-too-fast');
    throw error;
  }
}

/** An answer is redeemed once: one that nobody would receive is kept for the agent's next poll. */
async function assertStillThere(ctx: TokenEndpointGrantContext): Promise<void> {
  // The answer can come in the same turn in which the agent left: let the system tell first.
  await new Promise((resolve) => setImmediate(resolve));
  const { socket } = ctx.req;
  if (socket.destroyed || socket.readableEnded) throw new errors.AuthorizationPending();
}

function decided(approval: Approval, clock: Clock): Approval {
  switch (approval.state) {
    case 'approved':
      return approval;
    case 'pending':
      if (clock.now() >= approval.expiresAt) throw expired();
      throw new errors.AuthorizationPending();
    case 'expired':
      throw expired();
    case 'cancelled':
      throw withdrawn(approval);
    case 'denied':
      throw new Refusal('approval_denied', approval.denialReason ?? 'The person said no.', {
        hint: 'Do not ask for the same again unless the person wants it.',
        ...(approval.denialReason === undefined ? {} : { members: { reason: approval.denialReason } }),
      });
  }
}

function withdrawn({ withdrawn: why }: Approval): Error {
  // RFC 6749, 5.2: a grant that was revoked. Nobody denied it.
  if (why === 'by-agent') return new errors.InvalidGrant('the request was withdrawn');
  if (why === 'polled-too-fast') return new errors.InvalidRequest('polled too fast too often');
  return new Refusal('approval_denied', 'The request was withdrawn.');
}

function expired(): Refusal {
  return new Refusal('approval_expired', 'Nobody answered in time.', { hint: 'Send a new request.' });
}

interface Issue {
  readonly ctx: TokenEndpointGrantContext;
  readonly proof: VerifiedProof;
  readonly authReqId: string;
  readonly approval: Approval;
}

/**
 * The answer with tokens. The request that is spent, both tokens and their events are one commit, so a crash leaves all or
 * nothing; and an answer that was lost can be asked for again, see {@link redeem}.
 */
async function issue(asked: Issue, deps: TokenEndpointDeps): Promise<void> {
  assertUnlocked(deps);
  const { ctx, proof, authReqId, approval } = asked;
  if (approval.grantId === undefined) throw new Error('an approved request has a grant');
  deps.agents.assertMayAct(asId<AgentId>(approval.agentId));
  // security: rule 14
  await deps.programs.assertRedeemer(ctx.req.socket, approval.grantId);
  assertUnlocked(deps);
  const grant = deps.grants.pinKey(approval.grantId, proof.thumbprint);
  const isSecond = deps.answers.has(hashOf(authReqId));
  const takeBack = deps.answers.begin(hashOf(authReqId), approval.expiresAt + lateMs);
  try {
    await issueTogether(deps, () => redeem({ ...asked, grant, isSecond }, deps));
  } catch (error) {
    takeBack();
    if (isRefusal(error, 'conflict')) throw alreadyUsed();
    throw error;
  }
  whenLost(ctx.res, takeBack);
}

/**
 * Settles the library's request by the grant that the answer made, and lets the library redeem it. A request that was redeemed
 * by an answer that this run of the program did not give whole is redeemed anew: its first tokens, which nobody used, end in the
 * same commit. So there is never a grant without a way to its token, and never a second pair beside the first.
 */
async function redeem(
  issued: Issue & { readonly grant: Grant; readonly isSecond: boolean },
  deps: TokenEndpointDeps,
): Promise<void> {
  const { provider, payloads } = deps;
  const { ctx, proof, authReqId, approval, grant, isSecond } = issued;
  if (payloads.find('BackchannelAuthenticationRequest', authReqId)?.['consumed'] !== undefined) {
    // security: only what was never used is given again, and only to the key that the grant is pinned to
    if (isSecond || grant.lastUsedAt !== undefined || !payloads.takeBack(authReqId, grant.id)) throw alreadyUsed();
  }
  const request = await provider.BackchannelAuthenticationRequest.find(authReqId, { ignoreExpiration: true });
  const settled = await provider.Grant.find(grant.id);
  if (request === undefined || settled === undefined) throw new errors.InvalidGrant('grant not found');
  await provider.backchannelResult(request, settled, {
    rar: [...grant.details],
    ...(approval.decidedAt === undefined ? {} : { authTime: Math.floor(approval.decidedAt / 1000) }),
  });
  await redeemByLibrary({ provider, ctx, proof });
}

function alreadyUsed(): Error {
  return new errors.InvalidGrant('already used');
}
