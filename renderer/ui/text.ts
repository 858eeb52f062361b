import { number } from './time.ts';

/** What the building blocks say. */
export const text = {
  product: 'Counterfoil',
  escapedCharacter: 'A character that is normally invisible or changes direction',
  showAll: (length: number) => `Show all ${number(length)} characters`,
  showLess: 'Show less',
  claimed: 'claimed',
  unverified: 'not verifiable',
  claimedMeaning: 'Written by the agent. Counterfoil has not checked it.',
  unverifiedMeaning: 'The system could not confirm this.',
  passphrase: 'Your passphrase',
  cancel: 'Cancel',
  copy: 'Copy',
  copied: 'Copied',
  tryAgain: 'Try again',
  loading: 'Loading',
  waitSeconds: (seconds: number) => `Wait ${seconds} s before the next try.`,
  now: 'just now',
  never: 'never',
  risk: { low: 'Low', medium: 'Medium', high: 'High risk' },
  riskInWords: { low: 'Low risk', medium: 'Medium risk', high: 'High risk' },
  digestMeaning: 'The first 16 characters of the digest of exactly what you would sign',
} as const;
