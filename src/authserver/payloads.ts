import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Clock } from '../base/clock.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import { hashOf } from '../base/ids.ts';
import type { Change, Store } from '../store/store.ts';
import type { GuardedRow, GuardedTable, Vault } from '../vault/vault.ts';
import { guardedTable } from '../vault/vault.ts';
import { BatchScope, PayloadBatch, type SignedToken } from './payload-batch.ts';

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
  /** Of an access token: when a resource first accepted it. */
  readonly firstUsedAt?: number;
  /** Of a refresh token that was used: the rows of the tokens that it was answered with. */
  readonly successors?: readonly string[];
}

export interface PayloadsDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
}

interface Step {
  readonly change: Change;
  readonly events: readonly AuditEvent[];
}

const nothing = (): Step => ({ change: [], events: [] });

/** A request that is over is remembered this long, so that a late poll hears `expired_token`. */
export const lateMs = 10 * 60_000;
const sweptAtOnce = 500;
/** About two megabytes. */
const rememberedAtMost = 20_000;
/** What the library notes in tokens that come from the request itself; a refresh adds to it. */
const firstGrantType = 'ciba';

/**
 * The table `server_payloads`. Ids are tokens and `auth_req_id` values, so a row is found by the hash of model and id, and
 * the `jti` inside is taken out before it is kept (security rule 3).
 */
export class Payloads {
  readonly #deps: PayloadsDeps;
  readonly #table: GuardedTable<StoredPayload>;
  /** Assertions that were used and whose rows are gone, by row id: a clock that is set back must not make one good again. */
  readonly #forgotten = new Set<string>();
  readonly #scope = new BatchScope<StoredPayload>();

  constructor(deps: PayloadsDeps) {
    this.#deps = deps;
    this.#table = guardedTable<StoredPayload>(deps, {
      name: 'server_payloads',
      schema: 1,
      columns: (stored) => ({ model: stored.model, grant_id: stored.grantId ?? null, expires_at: stored.removableAt }),
      // security: rules 8 and 23, a token or an answered request that the vault did not see is none, and what it saw stays as it saw it
      adopt: (written, _id, before) => (before === undefined ? asNew(written) : asUsed(written, before)),
    });
    deps.vault.onUnlock(() => this.#takeOver());
  }

  find(model: StoredModel, id: string): ModelPayload | undefined {
    const row = this.#row(model, id);
    return row && { ...row.value.payload, jti: id };
  }

  /**
   * Everything that `task` inserts, replaces and consumes, with its events, as one durable commit at its end; nothing of it when
   * it throws. Refuses `conflict` when another changed one of the rows meanwhile. What is removed inside is removed at once:
   * an end does not wait for what may fail.
   *
   * @param alsoFor What each signed token changes elsewhere, in the same commit.
   */
  async together(task: () => Promise<void>, alsoFor: (token: SignedToken) => Step = nothing): Promise<void> {
    const batch = new PayloadBatch<StoredPayload>();
    await this.#scope.run(batch, task);
    noteSuccessors(batch);
    const { statements, events } = batch.change(this.#table);
    const steps = batch.signed().map(alsoFor);
    this.#deps.audit.commit(
      [...statements, ...steps.flatMap(({ change }) => change)],
      [...events, ...steps.flatMap((step) => step.events)],
    );
  }

  /** Inside {@link together}: a token was made that has no row. */
  noteSigned(token: SignedToken): void {
    const batch = this.#scope.current();
    if (batch === undefined) throw new Error('a token is signed only as part of an answer');
    batch.noteSigned(token);
  }

  /** Writes a new row. Refuses `conflict` when there is one. */
  insert({ model, id, payload }: ModelRow, events: readonly AuditEvent[] = []): void {
    const key = rowId(model, id);
    // security: rule 18
    if (this.#forgotten.has(key)) throw new Refusal('conflict', 'This was used before.');
    const next = storedOf(model, payload);
    // A machine that lost its power starts in a later second, and that run refuses whatever was signed before it (check-assertion.ts).
    if (model === 'ReplayDetection') this.#deps.audit.commit([this.#table.insert(key, next)], events, 'process-end');
    else this.#write(key, { row: undefined, next }, events);
  }

  /** Replaces the row that is there. Refuses `conflict` when it lost a race. */
  replace({ model, id, payload }: ModelRow): void {
    this.#write(rowId(model, id), { row: this.#row(model, id), next: storedOf(model, payload) });
  }

  /** Marks it as used. `false` when it was before: of any number of callers one gets `true`. */
  consume(model: StoredModel, id: string): boolean {
    const row = this.#row(model, id);
    if (row === undefined || row.value.payload['consumed'] !== undefined) return false;
    const used = { ...row.value, payload: this.#used(row.value.payload) };
    this.#write(row.id, { row, next: model === 'RefreshToken' ? { ...used, successors: [] } : used });
    return true;
  }

  #used(payload: ModelPayload): ModelPayload {
    return { ...payload, consumed: Math.floor(this.#deps.clock.now() / 1000) };
  }

  /** Notes that a resource accepted this access token: its answer was not lost. */
  markUsed(token: string): void {
    const row = this.#row('AccessToken', token);
    if (row === undefined || row.value.firstUsedAt !== undefined) return;
    const used = { ...row.value, firstUsedAt: this.#deps.clock.now() };
    try {
      this.#deps.audit.commit([this.#table.update(row, used)], [], 'process-end');
    } catch (error) {
      // Another call was the first.
      if (!isRefusal(error, 'conflict')) throw error;
    }
  }

  /** True when this refresh token was used, and nothing that it was answered with ever was: the answer was lost on its way. */
  isRotationLost(refreshToken: string): boolean {
    const spent = this.#row('RefreshToken', refreshToken);
    return spent !== undefined && this.#unusedSuccessors(spent) !== undefined;
  }

  /**
   * Inside {@link together}: the refresh token is as if it had not been used. Its first answer ends: the access token is gone, and
   * the refresh token stays as used, so that whoever comes with it shows that there are two who hold this grant.
   * `false` when one of them was used meanwhile: then nothing changes.
   */
  takeRotationBack(refreshToken: string): boolean {
    const batch = this.#scope.current();
    const spent = this.#row('RefreshToken', refreshToken);
    const made = spent && this.#unusedSuccessors(spent);
    const grantId = spent?.value.grantId;
    if (batch === undefined || spent === undefined || made === undefined || grantId === undefined) return false;
    const { model, removableAt, payload } = spent.value;
    batch.put(spent.id, { row: spent, next: { model, grantId, removableAt, payload: withoutUse(payload) } });
    for (const row of made) {
      const next = row.value.model === 'RefreshToken' ? { ...row.value, payload: this.#used(row.value.payload) } : undefined;
      batch.put(row.id, { row, next }, [lostEvent(row)]);
    }
    return true;
  }

  #unusedSuccessors({ value }: GuardedRow<StoredPayload>): readonly GuardedRow<StoredPayload>[] | undefined {
    if (value.payload['consumed'] === undefined || value.successors === undefined) return undefined;
    const rows = value.successors.map((id) => this.#table.find(id));
    // security: a row that is gone says nothing about its use
    const unused = rows.filter((row) => row?.value.firstUsedAt === undefined && row?.value.payload['consumed'] === undefined);
    const found = unused.filter((row) => row !== undefined);
    return found.length === value.successors.length ? found : undefined;
  }

  /**
   * Inside {@link together}: the request is as if nobody had redeemed it, and the tokens of its grant are gone. `false` when one
   * of those tokens was used: then nothing changes.
   */
  takeBack(authReqId: string, grantId: string): boolean {
    const batch = this.#scope.current();
    const request = this.#row('BackchannelAuthenticationRequest', authReqId);
    if (batch === undefined || request?.value.grantId !== grantId) return false;
    const tokens = this.#table.list("grant_id = ? AND model IN ('AccessToken', 'RefreshToken')", grantId);
    if (tokens.some(({ value: { payload } }) => payload['consumed'] !== undefined || payload['gty'] !== firstGrantType))
      return false;
    batch.put(request.id, { row: request, next: { ...request.value, payload: withoutUse(request.value.payload) } });
    for (const row of tokens) batch.put(row.id, { row, next: undefined }, [lostEvent(row)]);
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
    if (over.length === 0) return;
    this.#deps.audit.commit(
      over.map((row) => this.#table.remove(row)),
      [],
    );
    for (const { id, value } of over) if (value.model === 'ReplayDetection') this.#rememberUsed(id);
  }

  #rememberUsed(id: string): void {
    this.#forgotten.add(id);
    const [oldest] = this.#forgotten;
    if (this.#forgotten.size > rememberedAtMost && oldest !== undefined) this.#forgotten.delete(oldest);
  }

  #row(model: StoredModel, id: string): GuardedRow<StoredPayload> | undefined {
    const key = rowId(model, id);
    const written = this.#scope.current()?.find(key);
    if (written !== undefined) {
      const { row, next } = written;
      return next && { id: key, version: row?.version ?? 0, trusted: row?.trusted ?? true, value: next };
    }
    const row = this.#table.find(key);
    return row?.value.model === model ? row : undefined;
  }

  #write(id: string, write: Parameters<PayloadBatch<StoredPayload>['put']>[1], events: readonly AuditEvent[] = []): void {
    const batch = this.#scope.current();
    if (batch !== undefined) {
      batch.put(id, write, events);
      return;
    }
    const { row, next } = write;
    if (next === undefined) return;
    this.#deps.audit.commit([row === undefined ? this.#table.insert(id, next) : this.#table.update(row, next)], events);
  }

  #takeOver(): void {
    const { refused } = this.#table.adopt();
    const events = refused.map((id) => ({ event: 'row.tampered' as const, reason: 'written while locked', hashes: { row: id } }));
    if (events.length > 0) this.#deps.audit.record(...events);
  }
}

/** A refresh token that was used in this answer knows what it was answered with. */
function noteSuccessors(batch: PayloadBatch<StoredPayload>): void {
  const writes = batch.writes();
  const isNewToken = ({ row, next }: (typeof writes)[number][1]): boolean =>
    row === undefined && (next?.model === 'AccessToken' || next?.model === 'RefreshToken');
  const successors = writes.filter(([, write]) => isNewToken(write)).map(([id]) => id);
  for (const [id, { row, next }] of writes)
    if (next?.successors?.length === 0) batch.put(id, { row, next: { ...next, successors } });
}

function withoutUse(payload: ModelPayload): ModelPayload {
  return Object.fromEntries(Object.entries(payload).filter(([name]) => name !== 'consumed'));
}

/** An assertion that was used, or a request that nobody has answered. */
function asNew(written: StoredPayload): StoredPayload | undefined {
  const { model, grantId, payload } = written;
  if (model === 'ReplayDetection') return written;
  const isOpen = model === 'BackchannelAuthenticationRequest' && grantId === undefined && payload['error'] === undefined;
  return isOpen ? written : undefined;
}

/** A token that was used while the vault was being locked. */
function asUsed({ firstUsedAt }: StoredPayload, before: StoredPayload): StoredPayload | undefined {
  return before.firstUsedAt === undefined && typeof firstUsedAt === 'number' ? { ...before, firstUsedAt } : undefined;
}

function lostEvent({ id, value: { model, grantId = '', payload } }: GuardedRow<StoredPayload>): AuditEvent {
  const { clientId } = payload;
  return {
    event: 'token.revoked',
    outcome: 'ok',
    reason: 'answer lost',
    grantId,
    ...(typeof clientId === 'string' ? { agentId: clientId } : {}),
    hashes: { row: id },
    facts: { kind: model === 'AccessToken' ? 'access' : 'refresh' },
  };
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
