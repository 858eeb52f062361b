import { type GuardedTable, guardedTable } from '../vault/vault.ts';
import type { Connection, ConnectionsDeps, Resource } from './connections.ts';

/** A connection as stored: `signing_in` lives in memory only. */
export type StoredConnection = Omit<Connection, 'state'> & { readonly state: Exclude<Connection['state'], 'signing_in'> };

/** Tokens and the connection key of one connection, sealed together. */
export interface StoredCredential {
  /** base64 of what the vault sealed. */
  readonly sealed: string;
}

export interface ConnectionTables {
  readonly connections: GuardedTable<StoredConnection>;
  readonly resources: GuardedTable<Resource>;
  readonly credentials: GuardedTable<StoredCredential>;
}

export function connectionTables(deps: Pick<ConnectionsDeps, 'store' | 'vault'>): ConnectionTables {
  return {
    connections: guardedTable(deps, { name: 'connections', schema: 1, columns: ({ presetId }) => ({ preset_id: presetId }) }),
    resources: guardedTable(deps, {
      name: 'resources',
      schema: 1,
      columns: ({ connectionId }) => ({ connection_id: connectionId }),
    }),
    credentials: guardedTable(deps, { name: 'connection_credentials', schema: 1, columns: () => ({}) }),
  };
}
