import type { Finding, Gap } from './state-head.ts';

/**
 * Findings that leave the rows as they are: only the copy is not what it was. A log that was cut or changed is none: it alone tells what
 * was taken away while the vault was locked.
 */
const rowsUntouched: ReadonlySet<Finding['kind']> = new Set(['copy_missing', 'copy_damaged']);

/** True when agents, settings or grants may be older than they were. */
export function mayHaveOlderRows(gap: Gap): boolean {
  return gap.findings.some(({ kind }) => !rowsUntouched.has(kind));
}
