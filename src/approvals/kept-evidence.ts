import type { GrantEvidence } from '../grants/grants.ts';
import type { ProcessEvidence } from '../platform/process-identity.ts';

/** What a grant keeps of the evidence seen at approval (security rule 14): what tells one program from another, no more. */
export function keptEvidence(evidence: ProcessEvidence): GrantEvidence {
  const { process, root } = evidence;
  if (evidence.state === 'unknown' || process === undefined) return {};
  return {
    ...(process.executable === undefined ? {} : { executable: process.executable }),
    ...(process.device === undefined ? {} : { device: process.device }),
    ...(process.inode === undefined ? {} : { inode: process.inode }),
    ...(root === undefined ? {} : { rootPid: root.pid }),
    ...(root?.startTime === undefined ? {} : { rootStartTime: root.startTime }),
    namespaces: evidence.namespaces ?? (evidence.ownNamespaces ? 'ours' : 'others'),
    ...(evidence.otherHolders.length > 0 ? { shared: true } : {}),
  };
}

/** False where the system said nothing about the program at approval. */
export function isKept(evidence: GrantEvidence): boolean {
  return evidence.rootPid !== undefined;
}

/**
 * True when a call comes from the program that was seen: the same program file by device and inode, under the same root
 * process, in the same namespaces, and over a connection that it does not share unless it did then. Pid, command line and
 * folder may differ: an agent may start itself again below its root. Where the system tells no inode the path counts.
 * Missing evidence is never the same.
 */
export function isSameProgram(kept: GrantEvidence, now: ProcessEvidence): boolean {
  const found = keptEvidence(now);
  // security: rule 14, evidence can refuse, never permit
  if (!isKept(kept) || !isKept(found)) return false;
  const isSameFile =
    kept.inode === undefined || found.inode === undefined
      ? kept.inode === found.inode && kept.executable !== undefined && kept.executable === found.executable
      : kept.inode === found.inode && kept.device === found.device;
  const isSameTree = kept.rootPid === found.rootPid && kept.rootStartTime === found.rootStartTime;
  return isSameFile && isSameTree && kept.namespaces === found.namespaces && (kept.shared === true || found.shared !== true);
}
