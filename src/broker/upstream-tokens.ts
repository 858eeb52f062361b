import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import { type AgentId, type ConnectionId, type GrantId, hashOf, newId } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
import type { Statement, Store } from '../store/store.ts';
import { type GuardedRow, type GuardedTable, guardedTable, type Vault } from '../vault/vault.ts';

/**
 * `live`: in use. `revoking`: to be revoked, again and again until the provider says yes. `refused`: the provider will
 * not revoke it; it ends by its time. `over`: revoked, or ended by its time.
 */
export type UpstreamTokenState = 'live' | 'revoking' | 'refused' | 'over';

export interface UpstreamToken {
  readonly grantId: GrantId;
  readonly connectionId: ConnectionId;
  readonly agentId: AgentId;
  readonly state: UpstreamTokenState;
  readonly expiresAt: number;
  /** When to look at it next. */
  readonly dueAt: number;
  readonly attempts: number;
  readonly hash: string;
  /** Thumbprint of the key it is bound to. */
  readonly jkt: string;
  /** base64 of what the vault sealed; gone when it is over. */
  readonly sealed?: string;
}

export type UpstreamTokenRow = GuardedRow<UpstreamToken>;

type NewToken = Pick<UpstreamToken, 'grantId' | 'connectionId' | 'agentId' | 'expiresAt' | 'jkt' | 'state'>;

interface UpstreamTokensDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
}

const purpose = 'broker.upstream_tokens';

/** Every token that a provider gave for a grant, sealed, from before its first use until it is known to be over. */
export class UpstreamTokens {
  readonly #deps: UpstreamTokensDeps;
  readonly #table: GuardedTable<UpstreamToken>;

  constructor(deps: UpstreamTokensDeps) {
    this.#deps = deps;
    this.#table = guardedTable(deps, {
      name: 'upstream_tokens',
      schema: 1,
      columns: ({ grantId, state, dueAt }) => ({ grant_id: grantId, state, due_at: dueAt }),
    });
  }

  /** On disk before this returns. */
  keep(fresh: NewToken, token: Secret, events: readonly AuditEvent[]): void {
    const id = newId<string>('upstream');
    const sealed = token.open((bytes) => Buffer.from(this.#deps.vault.seal({ purpose, id }, bytes)).toString('base64'));
    const dueAt = fresh.state === 'live' ? fresh.expiresAt : this.#deps.clock.now();
    const value = { ...fresh, dueAt, attempts: 0, hash: token.openText(hashOf), sealed };
    this.#deps.audit.commit([this.#table.insert(id, value)], events);
  }

  /** Lends the token itself. Refuses `not_found` when it is over. */
  open(row: UpstreamTokenRow): Secret {
    const { sealed } = row.value;
    if (sealed === undefined) throw new Refusal('not_found', 'This token is over.');
    return this.#deps.vault.open({ purpose, id: row.id }, Buffer.from(sealed, 'base64'), (bytes) =>
      Secret.fromBytes(Buffer.from(bytes)),
    );
  }

  find(id: string): UpstreamTokenRow | undefined {
    return this.#table.find(id);
  }

  ofGrant(grantId: GrantId): readonly UpstreamTokenRow[] {
    return this.#table.list('grant_id = ?', grantId);
  }

  inState(state: UpstreamTokenState): readonly UpstreamTokenRow[] {
    return this.#table.list('state = ?', state);
  }

  due(): readonly UpstreamTokenRow[] {
    return this.#table.list("state <> 'over' AND due_at <= ? ORDER BY due_at LIMIT 100", this.#deps.clock.now());
  }

  /** When something is due next. */
  nextDueAt(): number | undefined {
    const sql = "SELECT min(due_at) AS due FROM upstream_tokens WHERE state <> 'over'";
    return this.#deps.store.first<{ due: number | null }>(sql)?.due ?? undefined;
  }

  /** Marks tokens for revocation. */
  queue(rows: readonly UpstreamTokenRow[]): void {
    const dueAt = this.#deps.clock.now();
    this.#commit(
      rows.map((row) => this.#table.update(row, { ...row.value, state: 'revoking', dueAt })),
      [],
    );
  }

  change(row: UpstreamTokenRow, next: Partial<UpstreamToken>, events: readonly AuditEvent[]): void {
    this.#commit([this.#table.update(row, { ...row.value, ...next })], events);
  }

  /** The token is over; nothing of it is kept but that it was. */
  finish(row: UpstreamTokenRow, events: readonly AuditEvent[]): void {
    const { grantId, connectionId, agentId, expiresAt, dueAt, attempts, hash, jkt } = row.value;
    const over: UpstreamToken = { grantId, connectionId, agentId, expiresAt, dueAt, attempts, hash, jkt, state: 'over' };
    this.#commit([this.#table.update(row, over)], events);
  }

  remove(row: UpstreamTokenRow): void {
    this.#commit([this.#table.remove(row)], []);
  }

  #commit(change: readonly Statement[], events: readonly AuditEvent[]): void {
    if (change.length > 0) this.#deps.audit.commit(change, events);
  }
}
