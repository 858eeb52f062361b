import type { Agent } from '../agents/agents.ts';
import type { AuditEvent } from '../audit/audit.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import { type ApprovalId, newId, type ReceiptId } from '../base/ids.ts';
import { isKnownType } from '../details/details.ts';
import type { Grant } from '../grants/grants.ts';
import type { ProcessEvidence } from '../platform/process-identity.ts';
import type { Change, SqlValue } from '../store/store.ts';
import type { GuardedRow, GuardedTable } from '../vault/vault.ts';
import { type End, endedEvent, requestedEvent, subjectOf } from './approval-events.ts';
import type {
  Approval,
  ApprovalRequest,
  ApprovalSettings,
  ApprovalState,
  Approvals,
  ApprovalsDeps,
  Card,
  Decision,
  Narrowing,
  Preview,
  Receipt,
} from './approvals.ts';
import { approvalsTable, receiptsTable } from './approvals-table.ts';
import { approveStep } from './approve-step.ts';
import { assessAgain, assessRequest } from './assess-request.ts';
import { checkPresence, fitsNotification, isStale } from './check-presence.ts';
import { askedDigest } from './digests.ts';
import { drawCard } from './draw-card.ts';
import { ExpiryTimer } from './expiry-timer.ts';
import { judgeNarrowing } from './judge-narrowing.ts';
import { isKept, keptEvidence } from './kept-evidence.ts';
import { KeptSettings } from './kept-settings.ts';
import { Notices } from './notices.ts';
import { plainText } from './plain-text.ts';
import { previewAnswer } from './preview-answer.ts';
import { admitProgram } from './program-question.ts';
import { assertRoomForQuestion } from './question-limits.ts';
import { outlived } from './retention.ts';
import { Waiters } from './waiters.ts';

/** The approvals in `store`, with their notices. */
export function createApprovals(deps: ApprovalsDeps): Approvals {
  return new GuardedApprovals(deps);
}

const ended: readonly ApprovalState[] = ['approved', 'denied', 'expired', 'cancelled'];

class GuardedApprovals implements Approvals {
  readonly #deps: ApprovalsDeps;
  readonly #table: GuardedTable<Approval>;
  readonly #receipts: GuardedTable<Receipt>;
  readonly #settings: KeptSettings;
  readonly #waiters: Waiters;
  readonly #notices: Notices;
  readonly #shown = new Set<ApprovalId>();
  readonly #expiry: ExpiryTimer;
  readonly #unsubscribe: () => void;
  #isStillAsked: (approval: Approval) => boolean = (approval) => approval.signedRequest === undefined;

  constructor(deps: ApprovalsDeps) {
    this.#deps = deps;
    this.#table = approvalsTable(deps, (approval) => this.#isStillAsked(approval));
    this.#receipts = receiptsTable(deps);
    this.#settings = new KeptSettings(deps);
    this.#waiters = new Waiters(deps.clock);
    this.#notices = new Notices({
      notifier: deps.notifier,
      clock: deps.clock,
      listPending: () => this.listPending(),
      card: (approval) => drawCard(approval, deps),
      mayApprove: (approval) => fitsNotification(approval, this.settings(), deps),
      onApprove: (id, cardVersion) => this.#approveFromNotice(id, cardVersion),
      onDeny: (id) => this.#fromNotice(() => this.deny(id)),
      onOpen: (id) => deps.openCard(id),
    });
    this.#expiry = new ExpiryTimer(deps, {
      nextEnd: () => this.#table.list("state = 'pending' ORDER BY expires_at LIMIT 1")[0]?.value.expiresAt,
      expireDue: () => this.expireDue(),
    });
    deps.vault.onUnlock(() => this.#afterUnlock());
    this.#unsubscribe = deps.changes.subscribe((notice) => {
      if (notice.topic === 'agents') this.#cancelOfRemovedAgents();
    });
    this.#expiry.set();
  }

  open(request: ApprovalRequest): Approval {
    const { agents, clock, connections } = this.#deps;
    const agent = agents.assertMayAsk(request.agentId);
    const { acceptUnknownTypes } = this.settings();
    const assessed = assessRequest(request, agent, { paused: agents.paused(), acceptUnknownTypes });
    const resource = connections.findResource(request.resourceId);
    if (!resource) throw new Refusal('resource_unknown', 'There is no such resource.');
    if (!request.details.every(({ type }) => resource.detailTypes.includes(type) || !isKnownType(type))) {
      throw new Refusal('details_invalid', 'This resource does not take one of these types.', {
        hint: `It takes: ${resource.detailTypes.join(', ')}.`,
      });
    }
    if (request.expiresAt <= clock.now()) throw new Refusal('approval_expired', 'This request has expired already.');
    this.#assertRoom(agent);
    const { bindingMessage, ...rest } = request;
    const approval: Approval = {
      ...rest,
      ...assessed,
      ...(bindingMessage === undefined ? {} : { bindingMessage: plainText(bindingMessage, 200) }),
      id: newId<ApprovalId>('approval'),
      state: 'pending',
      createdAt: clock.now(),
      askedDigest: askedDigest(request),
    };
    this.#put(approval);
    return approval;
  }

  #put(approval: Approval): void {
    this.#deps.audit.commit([this.#table.insert(approval.id, approval)], [requestedEvent(approval)]);
    this.#changed(approval.id, 'pending');
  }

  admitProgram(grant: Grant, evidence: ProcessEvidence): number {
    const agent = this.#deps.agents.get(grant.agentId);
    return admitProgram(grant, evidence, {
      ...this.#deps,
      table: this.#table,
      assess: (question) =>
        assessRequest(question, agent, { paused: false, acceptUnknownTypes: this.settings().acceptUnknownTypes }),
      put: (question) => this.#put(question),
      listPending: () => this.listPending(),
    });
  }

  keepEvidence(grant: Grant, evidence: ProcessEvidence): void {
    const kept = keptEvidence(evidence);
    if (!isKept(grant.evidence) && isKept(kept)) this.#deps.grants.keepEvidence(grant.id, { ...kept, unshown: true });
  }

  find(id: ApprovalId): Approval | undefined {
    return this.#find(id)?.value;
  }

  findByRequest(authReqHash: string): Approval | undefined {
    return this.#list('auth_req_hash = ?', authReqHash)[0]?.value;
  }

  listPending(): readonly Approval[] {
    const rows = this.#list("state = 'pending' AND expires_at > ?", this.#deps.clock.now());
    return rows.map((row) => row.value).toSorted((a, b) => a.createdAt - b.createdAt);
  }

  listRecent(limit: number): readonly Approval[] {
    // State by state, as the index has them: a sort of all that ever ended would grow with the log.
    const rows = ended.flatMap((state) => this.#table.list('state = ? ORDER BY created_at DESC LIMIT ?', state, limit));
    const newest = rows.toSorted((a, b) => b.value.createdAt - a.value.createdAt).slice(0, limit);
    return newest.map((row) => row.value).toSorted((a, b) => (b.decidedAt ?? 0) - (a.decidedAt ?? 0));
  }

  card(id: ApprovalId, drawnFor: 'person' | 'program' = 'person'): Card {
    const { value } = this.#get(id);
    const card = drawCard(value, this.#deps);
    if (drawnFor === 'person' && value.state === 'pending' && !this.#shown.has(id)) {
      this.#shown.add(id);
      this.#deps.audit.record({ ...subjectOf(value), event: 'approval.shown', hashes: { asked: value.askedDigest } });
    }
    return card;
  }

  preview(id: ApprovalId, narrowing: Narrowing): Preview {
    return previewAnswer(this.#get(id).value, narrowing, { ...this.#deps, now: this.#deps.clock.now() });
  }

  approve(decision: Decision): Approval {
    const { agents, audit, clock, vault } = this.#deps;
    const row = this.#pending(decision.approvalId);
    if (vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'Unlock Counterfoil first.');
    this.#deps.gaps.assertNone();
    const approval = row.value;
    const card = drawCard(approval, this.#deps);
    // security: rule 25, a decision is about exactly what was shown
    if (decision.askedDigest !== approval.askedDigest || decision.cardVersion !== card.version) throw cardChanged();
    const narrowing = judgeNarrowing(approval, decision.narrowing, this.#deps.connections.findResource(approval.resourceId)?.terms);
    const shown = previewAnswer(approval, narrowing, { ...this.#deps, now: clock.now() });
    // security: rule 24, computed again from what is granted and compared with what was shown
    if (shown.grantedDigest !== decision.grantedDigest) throw cardChanged();
    if (isStale(decision, clock.now()))
      throw new Refusal('presence_required', 'This was confirmed too long ago. Confirm it again.');
    checkPresence(approval, decision, () => fitsNotification(approval, this.settings(), this.#deps));
    const agent = agents.assertMayAsk(approval.agentId);
    // What the person had allowed when it was asked may have been taken back since.
    assessRequest(approval, agent, { paused: false, acceptUnknownTypes: this.settings().acceptUnknownTypes });
    const step = approveStep(
      row,
      { decision, narrowing, agent },
      { deps: this.#deps, approvals: this.#table, receipts: this.#receipts },
    );
    this.#commitDecision(approval.id, () => audit.commit(step.change, step.events));
    this.#changed(approval.id, 'approved');
    this.#deps.changes.publish({ topic: 'grants', ...(step.approved.grantId === undefined ? {} : { id: step.approved.grantId }) });
    if (agent.state === 'pending') this.#deps.changes.publish({ topic: 'agents', id: agent.id });
    return step.approved;
  }

  deny(id: ApprovalId, reason?: string): Approval {
    if (reason !== undefined && reason.length > 200) throw new Refusal('invalid_input', 'A reason has at most 200 characters.');
    const row = this.#pending(id);
    const plain = reason === undefined ? '' : plainText(reason, 200);
    return this.#end(row, 'denied', plain === '' ? {} : { denialReason: plain });
  }

  cancel(id: ApprovalId, withdrawn?: Approval['withdrawn']): void {
    const row = this.#find(id);
    if (row?.value.state === 'pending') this.#end(row, 'cancelled', withdrawn === undefined ? {} : { withdrawn });
  }

  findRepeat(key: string): Approval | undefined {
    return this.#list('repeat_key = ?', key)[0]?.value;
  }

  askedAgain(id: ApprovalId, authReqHash: string): void {
    const row = this.#get(id);
    // security: the first id may have been redeemed, and there would be two ways to the tokens of one answer
    if (row.value.state === 'approved') throw decided();
    this.#deps.audit.commit([this.#table.update(row, { ...row.value, authReqHash })], []);
    this.#deps.changes.publish({ topic: 'approvals', id });
  }

  recheckWith(isStillAsked: (approval: Approval) => boolean): void {
    this.#isStillAsked = isStillAsked;
  }

  pinKey(id: ApprovalId, jkt: string): Approval {
    const row = this.#get(id);
    const bound = row.value.pinnedJkt ?? row.value.requestedJkt;
    if (bound !== undefined && bound !== jkt) throw new Refusal('key_mismatch', 'This request is bound to another key.');
    if (row.value.pinnedJkt === jkt) return row.value;
    if (row.value.state === 'approved' && this.#deps.vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'Locked.');
    const pinned: Approval = { ...row.value, pinnedJkt: jkt };
    this.#deps.audit.commit([this.#table.update(row, pinned), ...this.#keyInReceipt(pinned, jkt)], []);
    return pinned;
  }

  /** An answer may be given before the first poll: then the receipt learns the key with the approval (security rule 24). */
  #keyInReceipt({ receiptId }: Approval, jkt: string): Change {
    const receipt = receiptId === undefined ? undefined : this.#receipts.find(receiptId);
    if (receipt === undefined || receipt.value.agentJkt !== undefined) return [];
    return [this.#receipts.update(receipt, { ...receipt.value, agentJkt: jkt })];
  }

  async waitForDecision(id: ApprovalId, milliseconds: number): Promise<Approval> {
    this.expireDue();
    const { value } = this.#get(id);
    if (value.state !== 'pending' || milliseconds <= 0) return value;
    await this.#waiters.wait(id, milliseconds);
    return this.#get(id).value;
  }

  expireDue(): void {
    const due = this.#list("state = 'pending' AND expires_at <= ?", this.#deps.clock.now());
    for (const row of due) this.#end(row, 'expired');
  }

  forgetOutlived(): void {
    if (this.#deps.vault.state() !== 'unlocked') return;
    const rows = outlived(this.#table, this.#deps.clock.now());
    if (rows.length > 0)
      this.#deps.audit.commit(
        rows.map((row) => this.#table.remove(row)),
        [],
      );
  }

  settings(): ApprovalSettings {
    return this.#settings.read();
  }

  changeSettings(settings: Partial<ApprovalSettings>): void {
    this.#settings.change(settings);
    this.#notices.refresh(true);
  }

  findReceipt(id: ReceiptId): Receipt | undefined {
    return this.#receipts.find(id)?.value;
  }

  stop(): void {
    this.#unsubscribe();
    this.#expiry.stop();
    this.#notices.stop();
    this.#waiters.wakeAll();
  }

  #find(id: ApprovalId): GuardedRow<Approval> | undefined {
    const row = this.#table.find(id);
    return row && this.#judged(row);
  }

  #list(where: string, ...values: readonly SqlValue[]): readonly GuardedRow<Approval>[] {
    return this.#table.list(where, ...values).map((row) => this.#judged(row));
  }

  /** While a request waits its risk is computed, never read. */
  #judged(row: GuardedRow<Approval>): GuardedRow<Approval> {
    if (row.value.state !== 'pending') return row;
    // security: rule 20, what a row says of its own risk decides nothing
    return { ...row, value: { ...row.value, ...assessAgain(row.value, () => this.#deps.agents.find(row.value.agentId)) } };
  }

  #get(id: ApprovalId): GuardedRow<Approval> {
    const row = this.#find(id);
    if (!row) throw new Refusal('not_found', 'There is no such request.');
    return row;
  }

  /** The row of a request that may still be decided. */
  #pending(id: ApprovalId): GuardedRow<Approval> {
    const row = this.#get(id);
    if (row.value.state === 'expired') throw new Refusal('approval_expired', 'This request has expired.');
    if (row.value.state !== 'pending') throw decided();
    if (row.value.expiresAt > this.#deps.clock.now()) return row;
    this.#end(row, 'expired');
    throw new Refusal('approval_expired', 'This request has expired.');
  }

  #end(row: GuardedRow<Approval>, state: End, more: Partial<Approval> = {}): Approval {
    const ended: Approval = { ...row.value, ...more, state, decidedAt: this.#deps.clock.now() };
    this.#commitDecision(ended.id, () => this.#deps.audit.commit([this.#table.update(row, ended)], [endedEvent(ended, state)]));
    this.#changed(ended.id, state);
    return ended;
  }

  /** Security rule 25: the change is compare-and-set on the row; who comes second is told that it was decided. */
  #commitDecision(id: ApprovalId, commit: () => void): void {
    try {
      commit();
    } catch (error) {
      if (isRefusal(error, 'conflict') && this.find(id)?.state !== 'pending') throw decided();
      throw error;
    }
  }

  #assertRoom(agent: Agent): void {
    this.expireDue();
    assertRoomForQuestion(agent, { table: this.#table, agents: this.#deps.agents, now: this.#deps.clock.now() });
  }

  #changed(id: ApprovalId, state: ApprovalState): void {
    if (state !== 'pending') this.#shown.delete(id);
    this.#waiters.wake(id);
    this.#expiry.set();
    this.#notices.refresh();
    this.#deps.changes.publish({ topic: 'approvals', id });
  }

  #afterUnlock(): void {
    const { refused } = this.#table.adopt();
    const damaged = [...refused, ...this.#table.tampered(), ...this.#receipts.tampered()];
    const reported = [...new Set(damaged)].map((id): AuditEvent => ({ event: 'row.tampered', approvalId: id, outcome: 'error' }));
    if (this.#settings.isDamaged()) reported.push({ event: 'row.tampered', reason: 'settings', outcome: 'error' });
    if (reported.length > 0) this.#deps.audit.record(...reported);
    this.expireDue();
    this.#notices.refresh(true);
  }

  #cancelOfRemovedAgents(): void {
    for (const approval of this.listPending()) {
      if (this.#deps.agents.find(approval.agentId) === undefined) this.cancel(approval.id);
    }
  }

  #approveFromNotice(id: ApprovalId, cardVersion: number): void {
    this.#fromNotice(() => {
      const { value } = this.#pending(id);
      const narrowing: Narrowing = { details: value.details, scopes: value.scopes, lifetime: '15m' };
      const { grantedDigest } = this.preview(id, narrowing);
      const presence = { kind: 'none', via: 'notification' } as const;
      this.approve({ approvalId: id, askedDigest: value.askedDigest, cardVersion, grantedDigest, narrowing, presence });
    }, id);
  }

  /** A click that came too late or may not decide changes nothing: the person is shown the card instead. */
  #fromNotice(act: () => void, id?: ApprovalId): void {
    try {
      act();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#deps.log.warn({ code: error.code }, 'a click on a notification decided nothing');
      if (id !== undefined) this.#deps.openCard(id);
    }
  }
}

function decided(): Refusal {
  return new Refusal('approval_decided', 'This request has been decided already.');
}

function cardChanged(): Refusal {
  return new Refusal('card_changed', 'The card has changed since it was shown. Read it again.');
}
