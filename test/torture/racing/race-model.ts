import { expect } from 'vitest';
import type { ApprovalState, Approvals, Decision } from '../../../src/approvals/approvals.ts';
import type { AuditEventName } from '../../../src/audit/audit.ts';
import { isRefusal, type Refusal } from '../../../src/base/errors.ts';
import type { ApprovalId, GrantId } from '../../../src/base/ids.ts';
import type { Program, Race } from './racing-clients.ts';

/** One client's act on one of several. */
type ActOn<Kind> = Kind extends string ? { readonly kind: Kind; readonly by: number; readonly at: number } : never;

/** What one client of several does. `by` is the client; `at` chooses the request or grant, oldest first. */
export type Act =
  | { readonly kind: 'ask'; readonly seconds: number }
  | { readonly kind: 'look'; readonly by: number; readonly at: number; readonly lifetime: 'once' | '15m' }
  | ActOn<'approve' | 'deny' | 'cancel' | 'revoke' | 'use'>
  | { readonly kind: 'revoke everything'; readonly by: number }
  | { readonly kind: 'expire'; readonly by: number }
  | { readonly kind: 'wait'; readonly seconds: number };

type Immediate = Exclude<Act, { readonly kind: 'wait' }>;
type OnRequest = Extract<Act, { readonly kind: 'look' | 'approve' | 'deny' | 'cancel' }>;
type Answer = Exclude<ApprovalState, 'pending'>;

/** Codes that tell a client that it came too late, or saw something older. Any other refusal is a defect. */
const late = new Set<Refusal['code']>([
  'approval_decided',
  'approval_expired',
  'card_changed',
  'conflict',
  'presence_required',
  'grant_revoked',
  'grant_expired',
  'grant_used_up',
]);

const answers: Readonly<Partial<Record<AuditEventName, Answer>>> = {
  'approval.granted': 'approved',
  'approval.denied': 'denied',
  'approval.expired': 'expired',
  'approval.cancelled': 'cancelled',
};
const ends: readonly AuditEventName[] = ['grant.revoked', 'grant.expired', 'grant.used_up'];

/** Runs acts, remembers what each client was told, and compares it with what is kept. */
export class RaceModel {
  readonly #race: Race;
  readonly #requests: ApprovalId[] = [];
  readonly #decisions = new Map<string, Decision>();
  /** What somebody was told a request has become. */
  readonly #told = new Map<ApprovalId, Answer>();
  readonly #ended = new Set<GrantId>();
  readonly #uses = new Map<GrantId, number>();
  readonly #waiters: Promise<readonly [ApprovalId, ApprovalState]>[] = [];

  constructor(race: Race) {
    this.#race = race;
  }

  get requests(): readonly ApprovalId[] {
    return this.#requests;
  }

  async run(act: Act): Promise<void> {
    if (act.kind === 'wait') await this.#race.keep.clock.advance(act.seconds * 1000);
    else this.#try(act);
  }

  /** Another client's act, just before the next change is committed. */
  intrude(act: Act): void {
    this.#race.intrude(() => {
      if (act.kind === 'wait') this.#race.keep.clock.set(this.#race.keep.clock.now() + act.seconds * 1000);
      else this.#try(act);
    });
  }

  #ask(seconds: number): void {
    const { id } = this.#race.ask(seconds * 1000);
    this.#requests.push(id);
    for (const { approvals } of this.#race.programs) {
      this.#waiters.push(hear(approvals, id));
    }
  }

  #try(act: Immediate): void {
    try {
      this.#act(act);
    } catch (error) {
      if (!isRefusal(error) || !late.has(error.code)) throw error;
    }
  }

  #act(act: Immediate): void {
    if (act.kind === 'ask') return this.#ask(act.seconds);
    const { programs } = this.#race;
    const program = programs[act.by % 2] ?? programs[0];
    if (act.kind === 'revoke everything') {
      for (const id of program.broker.revokeAll({})) this.#ended.add(id);
      return;
    }
    if (act.kind === 'expire') {
      program.approvals.expireDue();
      program.grants.endExpired();
      return;
    }
    if (act.kind === 'revoke' || act.kind === 'use') this.#actOnGrant(act);
    else this.#actOnRequest(program, act);
  }

  #actOnRequest(program: Program, act: OnRequest): void {
    const id = this.#requests[act.at % Math.max(1, this.#requests.length)];
    if (id === undefined) return;
    const key = `${act.by} ${id}`;
    if (act.kind === 'look') {
      this.#decisions.set(key, this.#race.look(program, id, act.lifetime));
    } else if (act.kind === 'approve') {
      // What this client saw earlier, or else now.
      program.approvals.approve(this.#decisions.get(key) ?? this.#race.look(program, id, '15m'));
      this.#tell(id, 'approved');
    } else if (act.kind === 'deny') {
      program.approvals.deny(id);
      this.#tell(id, 'denied');
    } else {
      program.approvals.cancel(id);
    }
  }

  #actOnGrant(act: ActOn<'revoke' | 'use'>): void {
    const { programs } = this.#race;
    const { grants, broker } = programs[act.by % 2] ?? programs[0];
    const all = grants.list().toReversed();
    const grant = all[act.at % Math.max(1, all.length)];
    if (grant === undefined) return;
    if (act.kind === 'revoke') {
      broker.revoke(grant.id);
      this.#ended.add(grant.id);
      return;
    }
    grants.reserveUse(grant.id, [{ event: 'call.forwarded', grantId: grant.id }]);
    expect(this.#ended.has(grant.id), 'a use after the end').toBe(false);
    this.#uses.set(grant.id, (this.#uses.get(grant.id) ?? 0) + 1);
  }

  /** Only one client may ever be told yes or no. */
  #tell(id: ApprovalId, answer: Answer): void {
    expect(this.#told.get(id), `told twice: ${id}`).toBeUndefined();
    this.#told.set(id, answer);
  }

  /** Lets time run out, and compares every request and grant with what clients were told and with the log. */
  async settle(): Promise<{ readonly grants: number }> {
    const { keep, programs } = this.#race;
    this.#race.intrudeNoMore();
    await keep.clock.advance(2 * 3_600_000);
    for (const { approvals, grants } of programs) {
      approvals.expireDue();
      grants.endExpired();
    }
    expect(keep.audit.verify().intact).toBe(true);
    const seen = new Map((await Promise.all(this.#waiters)).map(([id, state]) => [id, state]));
    let grantCount = 0;
    for (const id of this.#requests) grantCount += this.#compare(id, seen.get(id));
    expect(programs[0].grants.list()).toHaveLength(grantCount);
    return { grants: grantCount };
  }

  /** Returns how many grants came of it. */
  #compare(id: ApprovalId, heard: ApprovalState | undefined): number {
    const { keep, programs } = this.#race;
    const [state, other] = programs.map(({ approvals }) => approvals.find(id)?.state);
    const log = keep.store
      .all<{ event: AuditEventName }>('SELECT event FROM audit WHERE approval_id = ?', id)
      .flatMap(({ event }) => answers[event] ?? []);
    expect(log).toEqual([state]);
    expect(other).toBe(state);
    expect(heard).toBe(state);
    expect(this.#told.get(id) ?? state).toBe(state);
    const grants = programs[0].grants.list().filter(({ approvalId }) => approvalId === id);
    const count = state === 'approved' ? 1 : 0;
    expect(grants).toHaveLength(count);
    const receipts = keep.store.all<{ id: string }>('SELECT id FROM receipts WHERE approval_id = ?', id);
    expect(receipts).toEqual(grants.map(({ receiptId }) => ({ id: receiptId })));
    for (const grant of grants) this.#compareGrant(grant.id);
    return count;
  }

  #compareGrant(id: GrantId): void {
    const { keep, programs } = this.#race;
    const events = keep.store
      .all<{ event: AuditEventName }>('SELECT event FROM audit WHERE grant_id = ? ORDER BY seq', id)
      .map(({ event }) => event);
    const grant = programs[1].grants.find(id);
    expect(events.filter((event) => event === 'grant.created')).toHaveLength(1);
    expect(events.filter((event) => ends.includes(event))).toEqual([`grant.${grant?.endedBy}`]);
    expect(grant?.usesReserved).toBe(this.#uses.get(id) ?? 0);
    expect(grant?.usesReserved).toBeLessThanOrEqual(grant?.usesAllowed ?? Number.MAX_SAFE_INTEGER);
    expect(programs.some(({ grants }) => grants.list({ live: true }).some((live) => live.id === id))).toBe(false);
  }
}

/** Waits as a held poll does, and asks again when it is told that something changed meanwhile. */
async function hear(approvals: Approvals, id: ApprovalId): Promise<readonly [ApprovalId, ApprovalState]> {
  for (;;) {
    try {
      const { state } = await approvals.waitForDecision(id, 3_600_000);
      return [id, state];
    } catch (error) {
      if (!isRefusal(error) || !late.has(error.code)) throw error;
    }
  }
}
