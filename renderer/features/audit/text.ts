/** What the audit page says. */
export const text = {
  title: 'Audit',
  sub: 'what happened, newest first',
  search: 'Search events, agents, reasons',
  verify: 'Verify chain',
  verifying: 'Verifying…',
  intact: (count: number) => `The chain is intact: ${count.toLocaleString('en-GB')} entries, each sealed to the one before.`,
  broken: (at: number | undefined) =>
    `The chain is broken${at === undefined ? '' : ` at entry ${at}`}. Entries were changed or taken out by something else than Counterfoil. Revoke what you do not know, and restore a backup you trust.`,
  head: 'Head',
  columns: { seq: 'No.', when: 'When', what: 'What', agent: 'Agent', outcome: 'Outcome' },
  open: (seq: number) => `Entry ${seq}`,
  json: 'The whole entry',
  more: 'Load more',
  loading: 'Loading…',
  none: {
    title: 'Nothing happened yet',
    body: 'Every step is written down here: requests, answers, tokens, calls, and what was refused. Each entry is chained to the one before, so that a change shows.',
  },
  noMatch: 'No entry matches.',
  problem: { title: 'The audit log could not be read', unaffected: 'It is still written: every change is kept with its entry.' },
} as const;
