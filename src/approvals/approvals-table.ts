import { receivedWhileLocked } from '../agents/agents.ts';
import { isRefusal } from '../base/errors.ts';
import { parseDetails } from '../details/details.ts';
import { type GuardedTable, guardedTable } from '../vault/vault.ts';
import type { Approval, ApprovalSettings, ApprovalState, ApprovalsDeps, Receipt } from './approvals.ts';
import { askedDigest } from './digests.ts';
import { plainText } from './plain-text.ts';

type TableDeps = Pick<ApprovalsDeps, 'store' | 'vault'>;

/**
 * Questions and their answers. A row that was written while locked counts as far as it grants nothing; a question only if
 * `isStillAsked` knows it.
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
    adopt: (written, _id, before) => {
      if (before !== undefined) return lowered(written, before);
      return written.state !== 'pending' || isStillAsked(written) ? asked(written) : undefined;
    },
  });
}

function asked(approval: Approval): Approval | undefined {
  // security: rule 23, what was written while locked is read again from the start, and an approval is never taken over
  if (approval.state === 'approved' || !isSound(approval)) return undefined;
  // security: rule 20, facts that had no MAC are not evidence
  return { ...approval, evidence: receivedWhileLocked };
}

/** While locked a request that waits can end, be bound to the key that polls first, and be asked again. */
function lowered(written: Approval, before: Approval): Approval | undefined {
  // security: rules 8 and 23, what was answered stays answered, and no answer but a no is taken over
  if (before.state === 'approved') return undefined;
  const changed = { ...askedAgain(written, before), ...(before.state === 'pending' ? ended(written, before) : {}) };
  if (written.state !== (changed.state ?? before.state)) return undefined;
  return Object.keys(changed).length === 0 ? undefined : { ...before, ...changed };
}

/** The agent that repeats its request lost the answer with its id. The tokens stay bound to the agent and its key. */
function askedAgain({ authReqHash }: Approval, before: Approval): Partial<Approval> {
  const mayMove = before.repeat !== undefined && typeof authReqHash === 'string' && authReqHash !== before.authReqHash;
  return mayMove ? { authReqHash } : {};
}

function ended({ state, decidedAt, denialReason, pinnedJkt, withdrawn }: Approval, before: Approval): Partial<Approval> {
  const bound = before.pinnedJkt === undefined && typeof pinnedJkt === 'string' ? { pinnedJkt } : {};
  if (!endings.includes(state)) return bound;
  return {
    ...bound,
    state,
    ...(typeof decidedAt === 'number' && { decidedAt }),
    ...(state === 'denied' && typeof denialReason === 'string' && { denialReason: plainText(denialReason, 200) }),
    ...(state === 'cancelled' && (withdrawn === 'by-agent' || withdrawn === 'polled-too-fast') && { withdrawn }),
  };
}

const endings: readonly ApprovalState[] = ['denied', 'expired', 'cancelled'];

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
    // A type that the person no longer allows is refused when it is answered.
    parseDetails(approval.details, 'accept');
    return askedDigest(approval) === approval.askedDigest;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}
