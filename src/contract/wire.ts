/** Names on the wire between the person's programs and the core: the page's HTTP and the command line's socket. */
export const sessionHeader = 'counterfoil-session';
export const sequenceHeader = 'counterfoil-sequence';
export const signatureHeader = 'counterfoil-signature';

export const sessionPath = '/session';
export const changesPath = '/changes';
/** Followed by the operation's name. */
export const callPrefix = '/call/';
/** Socket only: asks the running program to show itself. */
export const openPath = '/open';

/** A stream of notices sends an empty line this often, so that both ends see when the other is gone. Milliseconds. */
export const heartbeatMs = 15_000;

/** The algorithm of a page's session key, as WebCrypto names it. */
export const sessionKeyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/**
 * What a page signs for each request (ECDSA, P-256, SHA-256, r‖s): the path, a number that is used once in the session, and
 * the body's digest, so that a recorded request is worth nothing (security rule 10).
 *
 * @param bodyDigest base64url SHA-256 of the body's bytes.
 */
export function signedText(path: string, sequence: number, bodyDigest: string): string {
  return `POST\n${path}\n${sequence}\n${bodyDigest}`;
}
