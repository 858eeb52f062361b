import type { SqlValue } from '../store/store.ts';
import type { AuditQuery } from './audit.ts';

const searched = [
  'event',
  'agent_id',
  'approval_id',
  'grant_id',
  "iif(json_valid(entry), entry ->> '$.connectionId', NULL)",
  "iif(json_valid(entry), entry ->> '$.resourceId', NULL)",
  "iif(json_valid(entry), entry ->> '$.reason', NULL)",
  "iif(json_valid(entry), entry ->> '$.outcome', NULL)",
];

/** The SQL for a query, newest first. `search` is text, never a pattern. */
export function selectEntries(query: AuditQuery): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const also = (condition: string, ...given: readonly SqlValue[]) => {
    conditions.push(condition);
    values.push(...given);
  };
  if (query.before !== undefined) also('seq < ?', query.before);
  if (query.grantId !== undefined) also('grant_id = ?', query.grantId);
  if (query.agentId !== undefined) also('agent_id = ?', query.agentId);
  const text = query.search?.trim() ?? '';
  if (text !== '') {
    const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    also(`(${searched.map((column) => String.raw`${column} LIKE ? ESCAPE '\'`).join(' OR ')})`, ...searched.map(() => pattern));
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return { sql: `SELECT * FROM audit ${where} ORDER BY seq DESC LIMIT ?`, values: [...values, limitOf(query)] };
}

function limitOf(query: AuditQuery): number {
  return Math.min(200, Math.max(1, Math.trunc(query.limit ?? 50)));
}
