import type { Finding, Gap } from './state-head.ts';

/** Findings that leave the rows as they are: only the log, or only the copy, is not what it was. */
const rowsUntouched: ReadonlySet<Finding['kind']> = new Set(['log_cut', 'log_rewritten', 'copy_missing', 'copy_damaged']);

/** True when agents, settings or grants may be older than they were. */
export function mayHaveOlderRows(gap: Gap): boolean {
  return gap.findings.some(({ kind }) => !rowsUntouched.has(kind));
}
