import type { Statement, Store } from '../store/store.ts';

interface PingRow {
  /** SHA-256 of `auth_req_id`. */
  readonly id: string;
  /** Id and notification token, by `Vault.box`. */
  readonly boxed: Uint8Array;
}

/**
 * The table `pings`: what is owed to agents that asked to be pinged. A row decides nothing: where a ping goes is read from the agent,
 * whether it is due from the approval, and what is in it is authenticated together with its id.
 */
export class PingsTable {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  find(id: string): PingRow | undefined {
    return this.#store.first<PingRow>('SELECT id, boxed FROM pings WHERE id = ?', id);
  }

  ids(): readonly string[] {
    return this.#store.all<Pick<PingRow, 'id'>>('SELECT id FROM pings').map(({ id }) => id);
  }

  insert({ id, boxed }: PingRow, expiresAt: number): Statement {
    return {
      sql: 'INSERT INTO pings (id, boxed, expires_at) VALUES (?, ?, ?)',
      values: [id, boxed, expiresAt],
      mustChangeOne: true,
    };
  }

  remove(id: string): Statement {
    return { sql: 'DELETE FROM pings WHERE id = ?', values: [id] };
  }

  removeOver(now: number): Statement {
    return { sql: 'DELETE FROM pings WHERE expires_at <= ?', values: [now] };
  }

  hasOver(now: number): boolean {
    return this.#store.first('SELECT 1 FROM pings WHERE expires_at <= ? LIMIT 1', now) !== undefined;
  }
}
