import type { GuardedRow, GuardedTable } from '../vault/vault.ts';
import type { Approval } from './approvals.ts';

const hour = 3_600_000;
/** Questions that nobody answered: long enough for "what was that?". The audit log keeps that they were asked. */
const unansweredMs = 24 * hour;
/** Longer than a no counts for anything. What was approved is kept for good, with its receipt: people do not approve by thousands. */
const deniedMs = 31 * 24 * hour;
const atOnce = 500;

/** Questions that ended without a yes so long ago that nothing asks for them any more, some at a time, oldest first. */
export function outlived(table: GuardedTable<Approval>, now: number): readonly GuardedRow<Approval>[] {
  const ended = 'expires_at <= ? ORDER BY expires_at LIMIT ?';
  return [
    ...table.list(`state IN ('expired', 'cancelled') AND ${ended}`, now - unansweredMs, atOnce),
    ...table.list(`state = 'denied' AND ${ended}`, now - deniedMs, atOnce),
  ];
}
