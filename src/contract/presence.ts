/**
 * How a passphrase leaves a page: never in clear. It is sealed with HPKE (RFC 9180, base mode, DHKEM(P-256),
 * HKDF-SHA256, AES-128-GCM) to a key that the core makes at each start, and the sealed text names the operation, the
 * digest of its arguments, the session and a single-use nonce (security rules 2 and 10). Recorded and sent to another
 * process, or sent twice, it is worth nothing.
 */
import { z } from 'zod';

/** HPKE `info`. */
export const presenceInfo = 'counterfoil/presence/v1';

/** What is inside the sealed text. */
export const presencePlaintext = z.object({
  /** The passphrase; where a recovery code is typed, that code. */
  passphrase: z.string().max(1024),
  /** The passphrase that is to be, where one is set in place of another. */
  newPassphrase: z.string().max(1024).optional(),
  operation: z.string(),
  /** base64url SHA-256 over the JSON text of the input, exactly as sent. */
  inputDigest: z.string(),
  session: z.string(),
  nonce: z.string(),
});

export type PresencePlaintext = z.infer<typeof presencePlaintext>;

/** One call as it travels, the same over HTTP, IPC and the socket. `input` is JSON text, so that its digest is of bytes. */
export const callEnvelope = z.object({
  input: z.string().max(65_536),
  /** base64url of `enc ‖ ciphertext`. */
  presence: z.string().max(4096).optional(),
});

export type CallEnvelope = z.infer<typeof callEnvelope>;

/** A refusal as the person's programs see it. */
export const refusalShape = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  retryAfterSeconds: z.number().optional(),
});

export type RefusalView = z.infer<typeof refusalShape>;

/** What comes back from a call. */
export type CallAnswer = { readonly ok: true; readonly output: unknown } | { readonly ok: false; readonly refusal: RefusalView };

/** What a session gets when it begins. */
export const sessionShape = z.object({
  session: z.string(),
  /** Raw HPKE public key of the core, base64url. */
  coreKey: z.string(),
});

export type SessionView = z.infer<typeof sessionShape>;
