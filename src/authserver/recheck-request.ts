import type { Agents } from '../agents/agents.ts';
import type { Approval, Approvals, Repeat } from '../approvals/approvals.ts';
import { askedDigest, plainText } from '../approvals/approvals.ts';
import { Refusal } from '../base/errors.ts';
import type { Connections } from '../connections/connections.ts';
import type { SealContext, Vault } from '../vault/vault.ts';
import { askedOf } from './asked-of.ts';
import { longestBindingMessage } from './binding-message.ts';
import { signedRepeatKey } from './repeat-of.ts';
import { requestedExpiryOf, requestLifetime } from './request-lifetime.ts';
import { isSignedRequestOf } from './signed-request.ts';

export interface RecheckDeps {
  readonly agents: Agents;
  readonly approvals: Approvals;
  readonly connections: Connections;
  readonly vault: Vault;
  readonly issuer: string;
}

/** Seals a signed request for its approval. Refuses `vault_locked` where this vault cannot seal yet. */
export function boxSignedRequest(vault: Vault, repeat: Repeat, text: string): string {
  const boxed = vault.box(contextOf(repeat), Buffer.from(text));
  if (boxed === undefined) {
    throw new Refusal('vault_locked', 'Signed requests cannot be kept before the person has unlocked this program once.');
  }
  return Buffer.from(boxed).toString('base64url');
}

/**
 * Judges questions that were written while locked by the request that the agent signed (security rule 23): its key, its time, and
 * that it asks for exactly this. An agent that registered to sign has no other questions. What was signed is asked once.
 */
export class RequestRecheck {
  readonly #deps: RecheckDeps;
  readonly #taken = new Set<string>();

  constructor(deps: RecheckDeps) {
    this.#deps = deps;
  }

  begin(): void {
    this.#deps.vault.onLock(() => this.#taken.clear());
    this.#deps.approvals.recheckWith((approval) => this.#isStillAsked(approval));
  }

  #isStillAsked(approval: Approval): boolean {
    const { agents, vault, issuer } = this.#deps;
    const metadata = agents.find(approval.agentId)?.metadata;
    const { signedRequest, repeat } = approval;
    if (signedRequest === undefined) return metadata?.['backchannel_authentication_request_signing_alg'] === undefined;
    if (repeat === undefined || this.#isKnown(repeat.key)) return false;
    const text = vault.unbox(contextOf(repeat), Buffer.from(signedRequest, 'base64url'), (bytes) => bytes.toString('utf8'));
    const signed = isSignedRequestOf(text, {
      agentId: approval.agentId,
      jwk: onlyKeyOf(metadata),
      issuer,
      receivedAt: approval.createdAt,
    });
    if (signed === undefined || signedRepeatKey(approval.agentId, signed.jti) !== repeat.key) return false;
    const isSame = this.#asksFor(approval, signed.claims);
    if (isSame) this.#taken.add(repeat.key);
    return isSame;
  }

  /** security: a question that was answered before must not come back with the signature that it had */
  #isKnown(key: string): boolean {
    return this.#taken.has(key) || this.#deps.approvals.findRepeat(key) !== undefined;
  }

  #asksFor(approval: Approval, claims: Readonly<Record<string, unknown>>): boolean {
    const asked = askedOf(claims, this.#deps);
    const lifetimeMs = requestLifetime(requestedExpiryOf(claims)) * 1000;
    const message = claims['binding_message'];
    return (
      askedDigest(asked) === approval.askedDigest &&
      approval.expiresAt <= approval.createdAt + lifetimeMs &&
      approval.bindingMessage === (typeof message === 'string' ? plainText(message, longestBindingMessage) : undefined)
    );
  }
}

function contextOf({ key }: Repeat): SealContext {
  return { purpose: 'approvals.signed-request', id: key };
}

function onlyKeyOf(metadata: Readonly<Record<string, unknown>> | undefined): unknown {
  const jwks = metadata?.['jwks'];
  return typeof jwks === 'object' && jwks !== null && 'keys' in jwks && Array.isArray(jwks.keys) ? jwks.keys[0] : undefined;
}
