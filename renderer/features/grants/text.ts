/** What the grants page says. */
export const text = {
  title: 'Grants',
  sub: (live: number, unused: number) => (unused > 0 ? `${live} live · ${unused} unused for ${20} days` : `${live} live`),
  search: 'Search agent, resource, action',
  chips: { live: 'Live', ended: 'Ended', high: 'High risk', unused: 'Unused' },
  columns: { select: 'Select', agent: 'Agent', may: 'May', on: 'On', until: 'Until', used: 'Used', act: 'End it' },
  select: (agent: string, sentence: string) => `Select ${agent}: ${sentence}`,
  since: (date: string) => `since ${date}`,
  left: (time: string) => `${time} left`,
  once: 'once',
  expires: (time: string) => `expires ${time}`,
  ended: (time: string) => `ended ${time}`,
  endedBy: { revoked: 'revoked by you', expired: 'its time was over', used_up: 'used up' },
  calls: (count: number, allowed: number | undefined) =>
    `${count.toLocaleString('en-GB')}${allowed === undefined ? '' : ` of ${allowed}`} ${count === 1 && allowed === undefined ? 'call' : 'calls'}`,
  notYet: 'not yet',
  never: 'never',
  unusedFor: (days: number) => `unused ${days} days`,
  upstream: { none: '', pending: 'upstream pending', confirmed: 'upstream confirmed', failed: 'upstream refused' },
  upstreamMeaning: {
    none: 'The provider had issued nothing for it.',
    pending:
      'Calls through Counterfoil have stopped. The provider has not confirmed yet that its token is revoked; this is tried again until it does.',
    confirmed: 'The provider confirmed that its token is revoked.',
    failed: 'The provider refused to revoke its token. The token ends by itself at its expiry.',
  },
  revoke: 'Revoke',
  revokeOf: (agent: string, sentence: string) => `Revoke ${agent}: ${sentence}`,
  revokeSelected: (count: number) => `Revoke selected (${count})`,
  endAll: {
    question: (count: number) =>
      count === 0
        ? 'No grant is in force.'
        : count === 1
          ? 'End the grant that is in force?'
          : `End all ${count} grants that are in force?`,
    meaning: 'Calls stop at once. Agents have to ask again.',
    end: (count: number) => (count === 0 ? 'Close' : count === 1 ? 'End it' : `End all ${count}`),
    keep: 'Keep them',
  },
  revoked: (what: string) => `Revoked ${what}. Calls stop at once.`,
  revokedMany: (count: number) => `Revoked ${count} grants. Calls stop at once.`,
  upstreamToast: {
    none: '',
    pending: 'Upstream: pending, tried until confirmed.',
    confirmed: 'Upstream: confirmed.',
    failed: 'Upstream: refused; the token ends at its expiry.',
  },
  details: 'Details',
  open: (agent: string) => `Details of ${agent}`,
  panel: {
    created: 'Approved',
    ends: 'Ends at the latest',
    lastUsed: 'Last used',
    connection: 'Connection',
    id: 'Grant',
    digest: 'Digest of what you signed',
    upstream: 'At the provider',
    unstoppable: 'Token in its hands',
    json: 'What was granted, as JSON',
  },
  unstoppableUntil: (at: string) => `The server verifies it by itself, so ending the grant does not stop it: good until ${at}`,
  none: {
    title: 'No grants yet',
    body: 'When you approve a request, the permission it creates stands here: who may do what, until when, and whether it was used. You can end it at any moment.',
  },
  noMatch: 'No grant matches.',
  showAll: 'Show all',
  problem: { title: 'The grants could not be read', unaffected: 'They are as they were. Agents get no more than before.' },
} as const;
