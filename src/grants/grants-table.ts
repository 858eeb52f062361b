import { type GuardedTable, guardedTable } from '../vault/vault.ts';
import type { Grant, GrantsDeps } from './grants.ts';

/** The guarded table of grants. A row that was written while locked counts only when it ends a grant. */
export function grantsTable(deps: Pick<GrantsDeps, 'store' | 'vault'>): GuardedTable<Grant> {
  return guardedTable<Grant>(deps, {
    name: 'grants',
    schema: 1,
    columns: (grant) => ({
      agent_id: grant.agentId,
      connection_id: grant.connectionId,
      live: grant.endedAt === undefined ? 1 : 0,
      created_at: grant.createdAt,
      expires_at: grant.expiresAt,
    }),
    harmlessWhileLocked: (grant) => grant.endedAt !== undefined,
  });
}
