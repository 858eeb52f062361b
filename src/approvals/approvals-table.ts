import { receivedWhileLocked } from '../agents/agents.ts';
import { isRefusal } from '../base/errors.ts';
import { parseDetails } from '../details/details.ts';
import { type GuardedTable, guardedTable } from '../vault/vault.ts';
import type { Approval, ApprovalSettings, ApprovalsDeps, Receipt } from './approvals.ts';
import { askedDigest } from './digests.ts';

type TableDeps = Pick<ApprovalsDeps, 'store' | 'vault'>;

/**
 * Questions and their answers. A row that was written while locked counts unless it says "approved", or is a question that
 * `isStillAsked` does not know.
 */
export function approvalsTable(deps: TableDeps, isStillAsked: (approval: Approval) => boolean): GuardedTable<Approval> {
  return guardedTable<Approval>(deps, {
    name: 'approvals',
    schema: 1,
    columns: (approval) => ({
      state: approval.state,
      agent_id: approval.agentId,
      auth_req_hash: approval.authReqHash,
      created_at: approval.createdAt,
      expires_at: approval.expiresAt,
      repeat_key: approval.repeat?.key ?? null,
    }),
    // security: rule 23, what was written while locked is read again from the start, and an approval is never taken over
    harmlessWhileLocked: (approval) =>
      approval.state !== 'approved' && isSound(approval) && (approval.state !== 'pending' || isStillAsked(approval)),
    // security: rule 20, facts that had no MAC are not evidence
    whenAdopted: (approval) => ({ ...approval, evidence: receivedWhileLocked }),
  });
}

/** Records of approvals. */
export function receiptsTable(deps: TableDeps): GuardedTable<Receipt> {
  return guardedTable<Receipt>(deps, {
    name: 'receipts',
    schema: 1,
    columns: (receipt) => ({ approval_id: receipt.approvalId }),
  });
}

export const approvalSettingsId = 'approvals';

/** The row of the settings that this folder decides by. */
export function settingsTable(deps: TableDeps): GuardedTable<ApprovalSettings> {
  return guardedTable<ApprovalSettings>(deps, { name: 'settings', schema: 1, columns: () => ({}), ids: [approvalSettingsId] });
}

function isSound(approval: Approval): boolean {
  try {
    parseDetails(approval.details);
    return askedDigest(approval) === approval.askedDigest;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}
