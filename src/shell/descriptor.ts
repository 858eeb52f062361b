import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** What `server.json` says. A hint for agents and for the command line; anybody of this user may write there. */
export interface Descriptor {
  readonly issuer: string;
  readonly port: number;
  /** Path of the agents' Unix socket: the same doors, with `Host` as in `issuer`. Absent on Windows. */
  readonly socket?: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly started: string;
  /** RFC 7638 thumbprint of the server's signing key; absent until there is a vault. */
  readonly server_jkt?: string;
}

/** Replaces the descriptor in one step: a reader sees the old one or the new one, whole. */
export function writeDescriptor(file: string, descriptor: Descriptor): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(temporary, `${JSON.stringify(descriptor, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, file);
}

/** Takes our descriptor away. One that names another process stays: that one is running. */
export function removeDescriptor(file: string, pid: number): void {
  try {
    const { pid: named } = JSON.parse(readFileSync(file, 'utf8')) as { readonly pid?: unknown };
    if (named === pid) rmSync(file, { force: true });
  } catch {
    // Gone, or not ours: nothing to take away.
  }
}

/** The thumbprint of an EC public key. @see RFC 7638, section 3.2 */
export function thumbprintOf(jwk: Readonly<Record<string, string>>): string {
  const { crv, kty, x, y } = jwk;
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
