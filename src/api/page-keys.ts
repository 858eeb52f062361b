import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { Refusal } from '../base/errors.ts';
import { asId, type SessionId } from '../base/ids.ts';
import { sequenceHeader, sessionHeader, signatureHeader, signedText } from '../contract/wire.ts';

/** The public key of a page, as WebCrypto exports it. Strict: a private key has one member more. */
export const pageKeyShape = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().length(43),
  y: z.string().length(43),
});

interface PageKey {
  readonly key: KeyObject;
  /** Numbers used, of the newest {@link window}. */
  readonly used: Set<number>;
  highest: number;
}

/** Requests of one page may overtake each other by this many. */
const window = 256;
const maxPages = 64;

/** The keys that pages sign with, and which numbers each has used: every request counts once (security rule 10). */
export class PageKeys {
  readonly #pages = new Map<SessionId, PageKey>();

  /** Refuses `invalid_input` for a key that is none. */
  add(session: SessionId, jwk: z.infer<typeof pageKeyShape>): void {
    this.#pages.set(session, { key: readKey(jwk), used: new Set(), highest: 0 });
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > maxPages && oldest !== undefined) this.#pages.delete(oldest);
  }

  /**
   * Verifies who sent a request and that it was not sent before.
   * Refuses `session_unknown`, `session_signature`.
   */
  verify(path: string, headers: IncomingHttpHeaders, body: Uint8Array): SessionId {
    const session = asId<SessionId>(one(headers[sessionHeader]));
    const page = this.#pages.get(session);
    if (!page) throw new Refusal('session_unknown', 'This page is no longer connected.', { hint: 'Open Counterfoil again.' });
    const sequence = sequenceOf(one(headers[sequenceHeader]));
    const bodyDigest = createHash('sha256').update(body).digest('base64url');
    const text = Buffer.from(signedText({ session, path, sequence, bodyDigest }));
    const signature = Buffer.from(one(headers[signatureHeader]), 'base64url');
    if (!verify('sha256', text, { key: page.key, dsaEncoding: 'ieee-p1363' }, signature)) throw unsigned();
    // security: rule 10, a recorded request is worth nothing
    if (page.used.has(sequence) || sequence <= page.highest - window) throw unsigned();
    page.used.add(sequence);
    page.highest = Math.max(page.highest, sequence);
    for (const number of page.used) if (number <= page.highest - window) page.used.delete(number);
    return session;
  }
}

function readKey(jwk: z.infer<typeof pageKeyShape>): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (cause) {
    throw new Refusal('invalid_input', 'This is not a key.', { cause });
  }
}

function one(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}

function sequenceOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw unsigned();
  return Number(text);
}

function unsigned(): Refusal {
  return new Refusal('session_signature', 'This request was not signed by its page, or was sent before.');
}
