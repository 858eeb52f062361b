import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { AuditEvent } from './audit.ts';

/** What is hashed and kept: the event, its place and its time. */
export interface ChainedEvent extends AuditEvent {
  readonly seq: number;
  readonly ts: string;
  /** Rows that were changed with it while the vault was locked, as `table id`: at unlock they must not be as they were before. */
  readonly rows?: readonly string[];
}

/** Stands before the first entry: 32 zero bytes, hex. */
export const genesisHash = '0'.repeat(64);

/**
 * The entry as JCS text: equal entries give equal bytes in every program.
 *
 * @see RFC 8785
 */
export function entryText(event: ChainedEvent): string {
  const text = canonicalize(event);
  if (text === undefined) throw new TypeError('An audit event is an object.');
  return text;
}

/** `SHA-256(previous ‖ JCS(entry))`, lower-case hex; `previous` enters as its 32 bytes. */
export function entryHash(previousHash: string, entry: string): string {
  return createHash('sha256').update(Buffer.from(previousHash, 'hex')).update(entry, 'utf8').digest('hex');
}

/** The event with lone surrogates replaced: JCS refuses them, and an agent's odd path must not stop the record. */
export function wellFormed(event: AuditEvent): AuditEvent {
  return JSON.parse(JSON.stringify(event), (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  ) as AuditEvent;
}
