import type { AuditEvent, AuditEventName } from '../audit/audit.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { GrantId } from '../base/ids.ts';
import type { Durability, SqlValue } from '../store/store.ts';
import type { GuardedRow, GuardedTable } from '../vault/vault.ts';
import type { Grant, GrantEnd, GrantEvidence, Grants, GrantsDeps } from './grants.ts';
import { grantsTable } from './grants-table.ts';

/** The grants in `store`. */
export function createGrants(deps: GrantsDeps): Grants {
  return new GuardedGrants(deps);
}

/** A change that lost against another writer is tried again on the newer row, this often. */
const attempts = 5;

const endEvents: Readonly<Record<GrantEnd, AuditEventName>> = {
  revoked: 'grant.revoked',
  expired: 'grant.expired',
  used_up: 'grant.used_up',
};

type Filter = Parameters<Grants['list']>[0];

/** A grant as it shall be, and what is told of it. */
interface Step {
  readonly grant: Grant;
  readonly events: readonly AuditEvent[];
  readonly durability?: Durability;
}

class GuardedGrants implements Grants {
  readonly #deps: GrantsDeps;
  readonly #table: GuardedTable<Grant>;

  constructor(deps: GrantsDeps) {
    this.#deps = deps;
    this.#table = grantsTable(deps);
    deps.vault.onUnlock(() => this.#afterUnlock());
  }

  createStep(grant: Omit<Grant, 'usesReserved' | 'createdAt'>): ReturnType<Grants['createStep']> {
    const created: Grant = { ...grant, usesReserved: 0, createdAt: this.#deps.clock.now() };
    return {
      change: [this.#table.insert(grant.id, created)],
      events: [{ ...subjectOf(created), event: 'grant.created', approvalId: created.approvalId, approver: 'user', outcome: 'ok' }],
    };
  }

  find(id: GrantId): Grant | undefined {
    return this.#table.find(id)?.value;
  }

  getLive(id: GrantId): Grant {
    return this.#liveRow(id).value;
  }

  isLive(grant: Grant): boolean {
    return whyOver(grant, this.#deps.clock.now()) === undefined;
  }

  list(filter: Filter = {}): readonly Grant[] {
    const { where, values } = whereOf(filter);
    const grants = this.#table.list(where, ...values).map((row) => row.value);
    const wanted = filter.live === undefined ? grants : grants.filter((grant) => this.isLive(grant) === filter.live);
    return wanted.toSorted((a, b) => b.createdAt - a.createdAt);
  }

  pinKey(id: GrantId, jkt: string): Grant {
    return this.#change(id, (row) => {
      if (row.value.agentJkt === jkt) return undefined;
      if (row.value.agentJkt !== undefined) throw new Refusal('key_mismatch', 'This grant is bound to another key.');
      return { grant: { ...row.value, agentJkt: jkt }, events: [] };
    });
  }

  signedTokenStep(id: GrantId, until: number): ReturnType<Grants['signedTokenStep']> {
    const row = this.#liveRow(id);
    const noted: Grant = { ...row.value, unstoppableUntil: Math.max(until, row.value.unstoppableUntil ?? 0) };
    const counted = { ...noted, usesReserved: noted.usesReserved + 1, lastUsedAt: this.#deps.clock.now() };
    return { change: [this.#table.update(row, noted.usesAllowed === undefined ? noted : counted)], events: [] };
  }

  keepEvidence(id: GrantId, evidence: GrantEvidence): void {
    // security: rule 14, what was kept at approval is never replaced
    this.#change(id, ({ value }) =>
      value.evidence.rootPid === undefined ? { grant: { ...value, evidence }, events: [] } : undefined,
    );
  }

  reserveUse(id: GrantId, events: readonly AuditEvent[]): Grant {
    return this.#change(id, ({ value }) => ({
      // security: rule 28, the row version makes racing callers count one after the other
      grant: { ...value, usesReserved: value.usesReserved + 1, lastUsedAt: this.#deps.clock.now() },
      events,
      durability: durabilityOfUse(value),
    }));
  }

  returnUse(id: GrantId, events: readonly AuditEvent[]): void {
    this.#retry(() => {
      const row = this.#table.find(id);
      if (!row || row.value.usesReserved === 0) return;
      this.#write(row, {
        grant: { ...row.value, usesReserved: row.value.usesReserved - 1 },
        events,
        durability: durabilityOfUse(row.value),
      });
    });
  }

  end(id: GrantId, by: GrantEnd): boolean {
    return this.#retry(() => {
      const row = this.#table.find(id);
      if (!row) throw new Refusal('not_found', 'There is no such grant.');
      return this.#end(row, by);
    });
  }

  endExpired(): readonly GrantId[] {
    const due = this.#table.list('live = 1 AND expires_at <= ?', this.#deps.clock.now());
    return due.filter((row) => this.end(row.value.id, 'expired')).map((row) => row.value.id);
  }

  #afterUnlock(): void {
    const { refused } = this.#table.adopt();
    const damaged = new Set([...refused, ...this.#table.tampered()]);
    const events = [...damaged].map((id): AuditEvent => ({ event: 'row.tampered', grantId: id, outcome: 'error' }));
    if (events.length > 0) this.#deps.audit.record(...events);
  }

  /** Changes a grant in force. `next` returns `undefined` for "as it is". */
  #change(id: GrantId, next: (row: GuardedRow<Grant>) => Step | undefined): Grant {
    return this.#retry(() => {
      const row = this.#liveRow(id);
      const wanted = next(row);
      if (!wanted) return row.value;
      this.#write(row, wanted);
      return wanted.grant;
    });
  }

  #liveRow(id: GrantId): GuardedRow<Grant> {
    const row = this.#table.find(id);
    if (!row) throw new Refusal('not_found', 'There is no such grant.');
    const over = whyOver(row.value, this.#deps.clock.now());
    if (over === undefined) {
      this.#deps.gaps.assertNone();
      return row;
    }
    // A clock that is set back later finds it ended: no grant outlives its absolute end.
    if (over === 'expired' && row.value.endedAt === undefined) this.#end(row, 'expired');
    throw refusalFor(over);
  }

  #end(row: GuardedRow<Grant>, by: GrantEnd): boolean {
    if (row.value.endedAt !== undefined) return false;
    const ended: Grant = { ...row.value, endedAt: this.#deps.clock.now(), endedBy: by };
    const event: AuditEvent = {
      ...subjectOf(ended),
      event: endEvents[by],
      approver: by === 'revoked' ? 'user' : 'none',
      outcome: by === 'expired' ? 'expired' : 'ok',
      facts: { uses: ended.usesReserved },
    };
    this.#write(row, { grant: ended, events: [event] });
    return true;
  }

  #write(row: GuardedRow<Grant>, { grant, events, durability }: Step): void {
    this.#deps.audit.commit([this.#table.update(row, grant)], events, durability);
    this.#deps.changes.publish({ topic: 'grants', id: grant.id });
  }

  #retry<Result>(attempt: () => Result): Result {
    for (let left = attempts; ; left -= 1) {
      try {
        return attempt();
      } catch (error) {
        if (left <= 1 || !isRefusal(error, 'conflict')) throw error;
      }
    }
  }
}

/** A limited use must not come back after a power cut; of an unlimited one only the count would be older. */
function durabilityOfUse({ usesAllowed }: Grant): Durability {
  return usesAllowed === undefined ? 'process-end' : 'power-loss';
}

function whyOver(grant: Grant, now: number): GrantEnd | undefined {
  if (grant.endedBy !== undefined) return grant.endedBy;
  if (now >= grant.expiresAt) return 'expired';
  return grant.usesAllowed !== undefined && grant.usesReserved >= grant.usesAllowed ? 'used_up' : undefined;
}

function refusalFor(over: GrantEnd): Refusal {
  switch (over) {
    case 'revoked':
      return new Refusal('grant_revoked', 'The person ended this grant.', { hint: 'Ask again only if the person wants it.' });
    case 'expired':
      return new Refusal('grant_expired', 'The time of this grant is over.', { hint: 'Send a new request.' });
    case 'used_up':
      return new Refusal('grant_used_up', 'This grant has been used as often as it allows.', { hint: 'Send a new request.' });
  }
}

function subjectOf(grant: Grant): Pick<AuditEvent, 'agentId' | 'grantId' | 'connectionId' | 'resourceId'> {
  return { agentId: grant.agentId, grantId: grant.id, connectionId: grant.connectionId, resourceId: grant.resourceId };
}

function whereOf(filter: NonNullable<Filter>): { readonly where: string; readonly values: readonly SqlValue[] } {
  const conditions: readonly (readonly [string, SqlValue | undefined])[] = [
    ['agent_id = ?', filter.agentId],
    ['connection_id = ?', filter.connectionId],
    // A row that is still marked live may be over by its time; one that ended is never live again.
    ['live = ?', filter.live === true ? 1 : undefined],
  ];
  const used = conditions.filter((condition): condition is readonly [string, SqlValue] => condition[1] !== undefined);
  return { where: used.map(([text]) => text).join(' AND ') || '1 = 1', values: used.map(([, value]) => value) };
}
