/**
 * Asking the person, and the answer; receipts.
 *
 * An *approval* is a question: one CIBA request with its `authorization_details`. It is pending and then, once and for
 * ever, approved (perhaps narrowed), denied, expired or cancelled. The row is on disk before the agent is answered, so
 * a question survives a restart. The *card* is what the person sees: drawn from the request and from what the system
 * reports; the agent's prose is quoted as its own. Two digests hold it together: *asked* (what the agent wants) and
 * *granted* (what the final card showed, limits included). A decision names approval, asked digest and card version, and
 * is compare-and-set on all three (security rules 24, 25).
 *
 * Must never: decide by time (only deny), let a notification approve more than rule 12 allows, or show the agent's text
 * as ours.
 */

import type { Agents } from '../agents/agents.ts';
import type { Audit } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import type { AgentId, ApprovalId, GrantId, ReceiptId, ResourceId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Connections } from '../connections/connections.ts';
import type { Detail, DetailField, Risk, SentencePart } from '../details/details.ts';
import type { Grant, Grants } from '../grants/grants.ts';
import type { Notifier } from '../platform/notifier.ts';
import type { ProcessEvidence } from '../platform/process-identity.ts';
import type { Gaps } from '../state-head/state-head.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';

export { createApprovals } from './create-approvals.ts';
export { askedDigest } from './digests.ts';
export { endAfterSetBack } from './end-after-set-back.ts';
export { plainText } from './plain-text.ts';
export { programFacts } from './program-facts.ts';
export { sentenceOf } from './sentence.ts';

export type ApprovalState = 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled';

/** How long a grant lives. `once` is one use within 5 minutes. */
export type Lifetime = 'once' | '15m' | '1h' | 'today' | '30d';

/** A request as the agents' door hands it over: authenticated, its parameters parsed, nothing decided. */
export interface ApprovalRequest {
  readonly agentId: AgentId;
  readonly resourceId: ResourceId;
  readonly details: readonly Detail[];
  readonly scopes: readonly string[];
  /** SHA-256 of `auth_req_id`; the value itself is never kept. */
  readonly authReqHash: string;
  /** Absolute. */
  readonly expiresAt: number;
  /** Written by the agent; at most 200 characters, inert; show only as its words. */
  readonly bindingMessage?: string;
  /** Thumbprint of the DPoP key when the request came with a proof. */
  readonly requestedJkt?: string;
  readonly evidence: ProcessEvidence;
  /** What a repetition of this request is known by. */
  readonly repeat?: Repeat;
  /** The request that the agent signed, sealed by `Vault.box`, base64url. Judged again when the row was written while locked. */
  readonly signedRequest?: string;
}

/** A request that an agent may send again when it lost the answer. Hashes only. */
export interface Repeat {
  /** Names the request: equal for the repetition, and for no other request of any agent. */
  readonly key: string;
  /** Everything in it: a repetition that differs is none. */
  readonly content: string;
}

export interface Approval extends ApprovalRequest {
  readonly id: ApprovalId;
  readonly state: ApprovalState;
  readonly createdAt: number;
  readonly decidedAt?: number;
  readonly risk: Risk;
  readonly riskReasons: readonly string[];
  readonly askedDigest: string;
  readonly grantedDigest?: string;
  readonly grantId?: GrantId;
  readonly receiptId?: ReceiptId;
  /** Key that polls came with; the first valid one is kept and no other may redeem. */
  readonly pinnedJkt?: string;
  /** Returned to the agent when the person denied. */
  readonly denialReason?: string;
  /** Why it was cancelled, when the agent was the reason. */
  readonly withdrawn?: 'by-agent' | 'polled-too-fast';
  /** Set when this asks no more than whether another program may use a grant (security rule 14). */
  readonly forGrant?: GrantId;
  /** Absolute; set when that was approved. */
  readonly programAllowedUntil?: number;
}

/** The person's narrower answer. Everything here is proven to be within what was asked. */
export interface Narrowing {
  readonly details: readonly Detail[];
  readonly scopes: readonly string[];
  readonly lifetime: Lifetime;
}

/** How the person was verified for this decision. */
export type PresenceEvidence =
  | { readonly kind: 'passphrase'; readonly at: number }
  | { readonly kind: 'session'; readonly at: number }
  | { readonly kind: 'none'; readonly via: 'notification' };

export interface Decision {
  readonly approvalId: ApprovalId;
  readonly askedDigest: string;
  readonly cardVersion: number;
  /** What the final card showed; computed again and compared. */
  readonly grantedDigest: string;
  readonly narrowing: Narrowing;
  /** For an agent that is still pending: the name the person gave it. */
  readonly agentName?: string;
  readonly presence: PresenceEvidence;
}

export interface CardFact {
  readonly label: string;
  readonly value: string;
  /** `known`: reported by the system or by us. `claim`: written by the agent. `unverified`: could not be checked. */
  readonly standing: 'known' | 'claim' | 'unverified';
  readonly mono?: boolean;
}

/** One of the details as the card shows it. */
export interface CardDetail {
  readonly detail: Detail;
  readonly title: string;
  readonly sentence: readonly SentencePart[];
  /** False for a type that is not known here: every member is drawn, and none can be narrowed. */
  readonly known: boolean;
  readonly fields: readonly DetailField[];
}

export interface Card {
  readonly id: ApprovalId;
  readonly version: number;
  readonly state: ApprovalState;
  /** Why it was cancelled, when the agent was the reason. */
  readonly withdrawn?: 'by-agent' | 'polled-too-fast';
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly askedDigest: string;
  readonly agent: {
    readonly id: AgentId;
    readonly name: string;
    readonly isNew: boolean;
    readonly resemblesAnother: boolean;
    readonly acceptedAt?: number;
    readonly callCount: number;
  };
  readonly program: readonly CardFact[];
  readonly sentence: readonly SentencePart[];
  readonly lead: readonly SentencePart[];
  readonly resourceName: string;
  readonly risk: Risk;
  readonly riskReasons: readonly string[];
  /** `passphrase` when a fresh factor is needed to approve. */
  readonly presence: 'session' | 'passphrase';
  readonly details: readonly CardDetail[];
  readonly scopes: readonly string[];
  /** False: it only asks whether another program may go on with a grant; nothing but the time can be chosen. */
  readonly narrowable: boolean;
  /** Quoted, marked as the agent's claim. */
  readonly claim?: string;
  /** The first is preselected; it is never longer than one hour. */
  readonly lifetimes: readonly Lifetime[];
}

/** What an answer would mean: the rows of "If you approve", and the digest that the decision must name. */
export interface Preview {
  readonly grantedDigest: string;
  readonly sentence: readonly SentencePart[];
  /** One for each detail of the answer, in its order. */
  readonly parts: readonly (readonly SentencePart[])[];
  readonly consequences: readonly CardFact[];
  readonly expiresAt: number;
}

/** The record of one approval, kept under a MAC like every row that decides. It carries no signature of its own yet. */
export interface Receipt {
  readonly id: ReceiptId;
  readonly approvalId: ApprovalId;
  readonly grantId: GrantId;
  readonly agentId: AgentId;
  readonly askedDigest: string;
  readonly grantedDigest: string;
  readonly agentJkt?: string;
  readonly presence: PresenceEvidence;
  readonly decidedAt: number;
  /** Absent in receipts of earlier versions. */
  readonly asked?: readonly Detail[];
  /** What was granted, proven to be within `asked`, as tokens carry it. Absent in receipts of earlier versions. */
  readonly details?: readonly Detail[];
  readonly scopes?: readonly string[];
}

export interface ApprovalSettings {
  /** Off until the person turns it on with presence (security rule 12). */
  readonly approveLowRiskOnNotification: boolean;
  /** Whether agents may ask with types that are not known here. Off until the person turns it on with presence (security rule 2). */
  readonly acceptUnknownTypes: boolean;
}

export interface ApprovalsDeps {
  /** Nothing is approved while a gap is open (security rule 8). */
  readonly gaps: Pick<Gaps, 'assertNone'>;
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly log: Log;
  readonly notifier: Notifier;
  readonly agents: Agents;
  readonly connections: Connections;
  readonly grants: Grants;
  /** Opens the person's window on one approval; given by the shell. */
  readonly openCard: (id: ApprovalId) => void;
}

export interface Approvals {
  /** Asks. On disk before it returns. Refuses `agents_paused`, `agent_suspended`, `rate_limited`. */
  open(request: ApprovalRequest): Approval;
  find(id: ApprovalId): Approval | undefined;
  findByRequest(authReqHash: string): Approval | undefined;
  listPending(): readonly Approval[];
  /** The newest requests that were decided, by the time of the answer, newest first. */
  listRecent(limit: number): readonly Approval[];
  /**
   * Draws the card. Refuses `not_found`. That it was shown is recorded the first time it is drawn for the person, which is
   * the default; a program that reads it has shown it to nobody.
   */
  card(id: ApprovalId, drawnFor?: 'person' | 'program'): Card;
  /** Refuses `narrowing_invalid` when the answer is not within what was asked, or narrows what nobody enforces. */
  preview(id: ApprovalId, narrowing: Narrowing): Preview;
  /** Refuses `approval_decided`, `approval_expired`, `card_changed`, `narrowing_invalid`, `presence_required`, `vault_locked`. */
  approve(decision: Decision): Approval;
  /** `reason` is returned to the agent. Refuses `approval_decided`, `approval_expired`. */
  deny(id: ApprovalId, reason?: string): Approval;
  /** Withdraws it; `withdrawn` says that the agent was the reason. Silent when decided. */
  cancel(id: ApprovalId, withdrawn?: Approval['withdrawn']): void;
  /** The request that was first sent under this key, whatever became of it. What ended must be kept for an hour at least. */
  findRepeat(key: string): Approval | undefined;
  /** The agent lost the first answer: from now on the question goes by the hash of another `auth_req_id`. Refuses `approval_decided` once approved. */
  askedAgain(id: ApprovalId, authReqHash: string): void;
  /**
   * Gives the check of signed requests, which is the agents' door's: a row that was written while locked is taken over only if it says
   * yes (security rule 23). Before it is given, such a row with a signed request is refused.
   */
  recheckWith(isStillAsked: (approval: Approval) => boolean): void;
  /** Keeps the first key that polled; refuses `key_mismatch` for another. */
  pinKey(id: ApprovalId, jkt: string): Approval;
  /** Resolves when it is decided, or after `milliseconds`, with the state it has then. */
  waitForDecision(id: ApprovalId, milliseconds: number): Promise<Approval>;
  /**
   * Until when the grant may be used from the program behind `evidence`; puts another program to the person (security rule 14).
   * Refuses `approval_pending` while they are asked, `approval_denied` for ten minutes after a no.
   */
  admitProgram(grant: Grant, evidence: ProcessEvidence): number;
  /** Gives a grant that was approved without evidence what its first redeemer shows. Never replaces any. */
  keepEvidence(grant: Grant, evidence: ProcessEvidence): void;
  expireDue(): void;
  /** Drops what ended without a yes long ago, some at a time; nothing while locked. The audit log keeps that it was asked. */
  forgetOutlived(): void;
  settings(): ApprovalSettings;
  /** Raises when it turns something on. */
  changeSettings(settings: Partial<ApprovalSettings>): void;
  findReceipt(id: ReceiptId): Receipt | undefined;
  stop(): void;
}
