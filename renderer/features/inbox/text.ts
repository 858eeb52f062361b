import type { LifetimeName } from '../../../src/contract/shapes.ts';

const lifetimes: Readonly<Record<LifetimeName, string>> = {
  once: 'Once',
  '15m': '15 min',
  '1h': '1 hour',
  today: 'Today',
  '30d': '30 days',
};

/** What the inbox says. */
export const text = {
  title: 'Inbox',
  sub: (count: number, left: string) =>
    count === 1 ? `1 waiting, expires in ${left}` : `${count} waiting, the oldest expires in ${left}`,
  subEmpty: 'nothing waits',
  queue: 'Waiting requests',
  newAgent: 'New agent',
  putOff: 'Later',
  showMore: (count: number) => `Show ${count} more`,
  expiresIn: 'expires in',
  recent: 'Recent decisions',
  states: { pending: 'Pending', approved: 'Approved', denied: 'Denied', expired: 'Expired', cancelled: 'Withdrawn' },
  loadProblem: {
    title: 'The inbox could not be read',
    unaffected: 'Requests that wait are kept. Nothing is approved without you.',
  },
  cardProblem: { title: 'This request could not be shown', unaffected: 'It was not approved. The other requests are unaffected.' },
  stub: {
    label: 'Who asks',
    known: (days: string, calls: string) => `${days} · ${calls}`,
    acceptedToday: 'since today',
    calls: (count: number) => (count === 1 ? '1 call' : `${count.toLocaleString('en-GB')} calls`),
    callsItself: 'calls itself',
    isNew: 'Never seen before',
    resembles: 'Its name resembles that of another agent',
    noFacts: 'The system reports nothing about the program.',
  },
  risk: { label: 'Why this is', none: 'no special reason given' },
  name: {
    label: 'Name this agent',
    hint: 'Your name for it, shown everywhere from now on. One answer decides both: this agent, and this request.',
    claim: 'It calls itself',
    useClaim: 'Use this name',
    missing: 'Give the agent a name to approve.',
  },
  fields: {
    goodFor: 'Good for',
    lifetimes,
    scopes: 'Scopes',
    asked: (amount: string) => `asked ${amount}`,
    lowered: (amount: string) => `asked ${amount}, you lowered it`,
    removed: (count: number) => (count === 1 ? '1 thing taken out by you' : `${count} things taken out by you`),
    lastOne: 'The last one stays: to allow nothing, deny.',
    amountProblems: {
      form: 'Digits and one decimal point, for example 180.00.',
      tooMany: (decimals: number) => (decimals === 0 ? 'This currency has no decimals.' : `At most ${decimals} decimals.`),
      more: (amount: string) => `Not more than was asked: ${amount}.`,
      zero: 'More than zero. To allow nothing, deny.',
    },
  },
  says: (name: string) => `${name} says`,
  consequences: 'If you approve',
  exactly: 'Exactly what is asked',
  enforced: { upstream: 'held to it by the provider', broker: 'held to it by Counterfoil', none: 'nobody holds the agent to this' },
  cannotNarrow: 'cannot be narrowed',
  digest: { granted: 'Digest of what you would sign', asked: 'Asked', grantedLong: 'Granted' },
  previewProblem: 'This answer is not possible.',
  decide: {
    approve: 'Approve',
    approving: 'Approving…',
    deny: 'Deny',
    later: 'Later',
    withReason: 'Deny with a reason',
    reasonLabel: 'Reason, sent to the agent (optional)',
    passphrase: 'Your passphrase, to approve this',
    needsPassphrase: 'Needs your passphrase',
    tooEarly: 'A moment: the card has just appeared or the window was not in front.',
    approved: (name: string) => `Approved for ${name}.`,
    seeGrant: 'See the grant',
    denied: (name: string) => `Denied. ${name} was told.`,
    next: 'Next request',
    changed: 'The request changed while you looked at it. This is the new card.',
  },
  ended: {
    approved: 'This was approved. The grant is in your list.',
    denied: 'This was denied. The agent was told.',
    expired: 'This expired before it was answered. The agent may ask again.',
    cancelled: 'The agent withdrew this.',
    pending: '',
  },
  rest: {
    title: 'Put off',
    body: (count: number) =>
      count === 1
        ? 'One request waits until you open it again, or until it expires.'
        : `${count} requests wait until you open them again, or until they expire.`,
  },
  empty: {
    title: 'Nothing waits for you',
    body: 'When a program wants to act with one of your accounts, its request appears here: what it wants, where, and for how long. You narrow it, approve it or deny it. It gets a short-lived permission, never your credential.',
    tryTitle: 'Try it with a bank that is not real',
    tryBody:
      'Starts a small bank on this machine and a sample agent that asks to read an account and to pay an invoice. No account is needed, and nothing leaves this machine.',
    tryButton: 'Try it',
    tryPresence: 'Your passphrase, to add the demo bank as a connection',
    start: 'Start the demo',
    connectTitle: 'Connect an agent of yours',
    connectBody: 'Any OAuth client that can register and ask (CIBA with authorization_details) finds everything at this address:',
    snippet: 'Address of the authorization server',
  },
  demo: {
    starting: 'Starting the demo bank and its agent…',
    sign_in: 'Sign in to the demo bank in the browser window that has just opened. Any name and password will do.',
    notOpened:
      'Sign in to the demo bank. No browser could be opened here, so go there by this link; any name and password will do.',
    signInLink: 'Open the sign-in page',
    running: 'The demo agent is at work. Its first request appears here in a moment.',
    failed: 'The demo could not be started.',
    off: '',
  },
} as const;
