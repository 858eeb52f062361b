import { timingSafeEqual } from 'node:crypto';
import type { StateHeadDeps } from './state-head.ts';

/** Where the audit log stood. */
export interface Anchor {
  readonly seq: number;
  /** Lower-case hex. */
  readonly hash: string;
}

export interface Head {
  /** Counts the changes of guarded rows, over the whole life of the vault. */
  readonly epoch: number;
  /** When it was written. */
  readonly at: number;
  readonly audit: Anchor;
  /** Of the leaves. */
  readonly root: string;
}

/** A head as it is kept: its JSON and the MAC over exactly these bytes. */
export interface SignedHead {
  readonly body: string;
  readonly mac: Uint8Array;
}

type Signer = Pick<StateHeadDeps['vault'], 'rowMac'>;

/** `undefined` while the vault is locked. */
export function signHead(head: Head, vault: Signer): SignedHead | undefined {
  const body = JSON.stringify(head);
  const mac = macOf(body, vault);
  return mac && { body, mac };
}

/** The head, if its MAC is ours. */
export function openHead({ body, mac }: SignedHead, vault: Signer): Head | undefined {
  const expected = macOf(body, vault);
  // security: rule 8
  if (expected === undefined || expected.length !== mac.length || !timingSafeEqual(expected, mac)) return undefined;
  return JSON.parse(body) as Head;
}

/** Rows are authenticated with a framed input, so a prefix in plain text cannot be taken for one of theirs. */
function macOf(body: string, vault: Signer): Uint8Array | undefined {
  return vault.rowMac(Buffer.from(`counterfoil/state-head/v1\0${body}`, 'utf8'));
}
