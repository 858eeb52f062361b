import { type GuardedTable, guardedTable } from '../vault/vault.ts';
import type { Grant, GrantsDeps } from './grants.ts';

/** The guarded table of grants. A row that was written while locked counts only as far as it ends a grant. */
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
    adopt: (written, _id, before) => (before === undefined ? undefined : ended(written, before)),
  });
}

/** While locked a grant can end, once, and nothing else. */
function ended({ endedAt, endedBy }: Grant, before: Grant): Grant | undefined {
  // security: rule 8, one that has ended stays ended as it was
  if (before.endedAt !== undefined || typeof endedAt !== 'number' || endedBy === undefined) return undefined;
  return ['revoked', 'expired', 'used_up'].includes(endedBy) ? { ...before, endedAt, endedBy } : undefined;
}
