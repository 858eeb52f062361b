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

/** What goes into a signature. None of it holds a line break. */
export interface SignedRequest {
  readonly session: string;
  readonly path: string;
  readonly sequence: number;
  /** base64url SHA-256 of the body's bytes. */
  readonly bodyDigest: string;
}

/**
 * What a page signs for each request (ECDSA, P-256, SHA-256, r‖s): its session, the path, a number that is used once in the
 * session, and the body's digest, so that a recorded request is worth nothing (security rule 10): not a second time, and not in
 * a later session that somebody begins with the same public key.
 */
export function signedText(request: SignedRequest): string {
  const { session, path, sequence, bodyDigest } = request;
  return `POST\n${session}\n${path}\n${sequence}\n${bodyDigest}`;
}

/** What a shell can ask the window to open besides a request: the grants, with the question whether all shall end. */
export const revokeEverything = 'revoke-everything';
