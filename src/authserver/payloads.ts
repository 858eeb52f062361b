import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Clock } from '../base/clock.ts';
import { hashOf } from '../base/ids.ts';
import type { Store } from '../store/store.ts';
import type { GuardedRow, GuardedTable, Vault } from '../vault/vault.ts';
import { guardedTable } from '../vault/vault.ts';

/** What the library wants kept, as it gave it. */
export type ModelPayload = Readonly<Record<string, unknown>>;

/** Models of the library that are rows here. Clients are agents and Grants are grants: they have no row. */
export const storedModels = ['BackchannelAuthenticationRequest', 'AccessToken', 'RefreshToken', 'ReplayDetection'] as const;
export type StoredModel = (typeof storedModels)[number];

/** One payload with the id that the library knows it by: a token, an `auth_req_id`, or a digest. */
export interface ModelRow {
  readonly model: StoredModel;
  readonly id: string;
  readonly payload: ModelPayload;
}

interface StoredPayload {
  readonly model: StoredModel;
  readonly grantId?: string;
  /** When the row may go: later than the payload's own end where a late caller should learn why. */
  readonly removableAt: number;
  readonly payload: ModelPayload;
}

export interface PayloadsDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
}

/** A request that is over is remembered this long, so that a late poll hears `expired_token`. */
const lateMs = 10 * 60_000;
const sweptAtOnce = 500;

/**
 * The table `server_payloads`. Ids are tokens and `auth_req_id` values, so a row is found by the hash of model and id, and
 * the `jti` inside is taken out before it is kept (security rule 3).
 */
export class Payloads {
  readonly #deps: PayloadsDeps;
  readonly #table: GuardedTable<StoredPayload>;

  constructor(deps: PayloadsDeps) {
    this.#deps = deps;
    this.#table = guardedTable<StoredPayload>(deps, {
      name: 'server_payloads',
      schema: 1,
      columns: (stored) => ({ model: stored.model, grant_id: stored.grantId ?? null, expires_at: stored.removableAt }),
      // security: rule 23, a token or an answered request that the vault did not see is none
      harmlessWhileLocked: (stored) =>
        stored.model === 'ReplayDetection' ||
        (stored.model === 'BackchannelAuthenticationRequest' &&
          stored.grantId === undefined &&
          stored.payload['error'] === undefined),
    });
    deps.vault.onUnlock(() => this.#takeOver());
  }

  find(model: StoredModel, id: string): ModelPayload | undefined {
    const row = this.#row(model, id);
    return row && { ...row.value.payload, jti: id };
  }

  /** Writes a new row. Refuses `conflict` when there is one. */
  insert({ model, id, payload }: ModelRow, events: readonly AuditEvent[] = []): void {
    this.#deps.audit.commit([this.#table.insert(rowId(model, id), storedOf(model, payload))], events);
  }

  /** Replaces the row that is there. Refuses `conflict` when it lost a race. */
  replace({ model, id, payload }: ModelRow): void {
    const row = this.#row(model, id);
    if (row === undefined) this.insert({ model, id, payload });
    else this.#deps.audit.commit([this.#table.update(row, storedOf(model, payload))], []);
  }

  /** Marks it as used. `false` when it was before: of any number of callers one gets `true`. */
  consume(model: StoredModel, id: string): boolean {
    const row = this.#row(model, id);
    if (row === undefined || row.value.payload['consumed'] !== undefined) return false;
    const consumed = { ...row.value, payload: { ...row.value.payload, consumed: Math.floor(this.#deps.clock.now() / 1000) } };
    this.#deps.audit.commit([this.#table.update(row, consumed)], []);
    return true;
  }

  remove(model: StoredModel, id: string, events: readonly AuditEvent[]): void {
    const row = this.#row(model, id);
    if (row !== undefined) this.#deps.audit.commit([this.#table.remove(row)], events);
  }

  removeOfGrant(model: StoredModel, grantId: string): void {
    const rows = this.#table.list('grant_id = ? AND model = ?', grantId, model);
    if (rows.length > 0)
      this.#deps.audit.commit(
        rows.map((row) => this.#table.remove(row)),
        [],
      );
  }

  /** Drops what is over, some at a time. */
  sweep(): void {
    const over = this.#table.list('expires_at <= ? ORDER BY expires_at LIMIT ?', this.#deps.clock.now(), sweptAtOnce);
    if (over.length > 0)
      this.#deps.audit.commit(
        over.map((row) => this.#table.remove(row)),
        [],
      );
  }

  #row(model: StoredModel, id: string): GuardedRow<StoredPayload> | undefined {
    const row = this.#table.find(rowId(model, id));
    return row?.value.model === model ? row : undefined;
  }

  #takeOver(): void {
    const { refused } = this.#table.adopt();
    const events = refused.map((id) => ({ event: 'row.tampered' as const, reason: 'written while locked', hashes: { row: id } }));
    if (events.length > 0) this.#deps.audit.record(...events);
  }
}

function rowId(model: StoredModel, id: string): string {
  return hashOf(`${model}:${id}`);
}

function storedOf(model: StoredModel, payload: ModelPayload): StoredPayload {
  // security: rule 3, `jti` is the token itself; `params` holds what the agent sent and nobody needs again
  const kept = Object.fromEntries(Object.entries(payload).filter(([name]) => name !== 'jti' && name !== 'params'));
  const { grantId, exp } = payload;
  const endsAt = typeof exp === 'number' ? exp * 1000 : 0;
  return {
    model,
    ...(typeof grantId === 'string' ? { grantId } : {}),
    removableAt: endsAt + (model === 'BackchannelAuthenticationRequest' ? lateMs : 0),
    payload: kept,
  };
}
