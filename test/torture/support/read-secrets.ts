/** Everything secret that a data folder holds, opened with the passphrase: what must be found nowhere else. */
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { createChanges } from '../../../src/base/changes.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { asId } from '../../../src/base/ids.ts';
import { Secret } from '../../../src/base/secret.ts';
import { connectionTables } from '../../../src/connections/connections-table.ts';
import { CredentialShelf } from '../../../src/connections/credentials.ts';
import { sealedFileKeychain } from '../../../src/platform/keychain/sealed-file.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { createVault } from '../../../src/vault/vault.ts';
import type { Canary } from './canaries.ts';

/** @param data A copy: opening counts as an unlock and writes. */
export async function readSecrets(data: string, passphrase: string): Promise<readonly Canary[]> {
  const store = openStore({ file: join(data, 'counterfoil.db') });
  const file = join(data, 'keychain.json');
  const changes = createChanges(() => {});
  const vault = createVault({ store, keychain: sealedFileKeychain(file), clock: systemClock, changes });
  const canaries: Canary[] = [{ kind: 'passphrase', name: 'as typed', value: passphrase }];
  try {
    canaries.push(...(await recordDerivedKeys(() => vault.unlock(Secret.fromText(passphrase)))));
    const { items } = JSON.parse(readFileSync(file, 'utf8')) as { readonly items: Readonly<Record<string, string>> };
    for (const name of Object.keys(items).filter((item) => item.startsWith('broker/'))) {
      const { d = '' } = await vault.openKey(name, (text) => JSON.parse(text.toString('utf8')) as JsonWebKey);
      canaries.push(...privateKey('broker key', name, d));
    }
    const tables = connectionTables({ store, vault });
    const shelf = new CredentialShelf({ vault, table: tables.credentials });
    for (const { id } of tables.connections.list()) {
      const held = shelf.find(asId(id));
      if (!held) continue;
      canaries.push(...privateKey('connection key', id, held.key.d ?? ''));
      canaries.push({ kind: 'access token', name: id, value: held.accessToken });
      if (held.refreshToken !== undefined) canaries.push({ kind: 'refresh token', name: id, value: held.refreshToken });
    }
    const rows = store.all<{ id: string; body: string | Uint8Array }>('SELECT id, body FROM upstream_tokens');
    for (const { id, body } of rows) {
      const { sealed } = JSON.parse(Buffer.from(body as string).toString('utf8')) as { readonly sealed?: string };
      if (sealed === undefined) continue;
      const context = { purpose: 'broker.upstream_tokens', id };
      const value = vault.open(context, Buffer.from(sealed, 'base64'), (text) => text.toString('utf8'));
      canaries.push({ kind: 'upstream token', name: id, value });
    }
    return canaries;
  } finally {
    vault.lock();
    store.close();
  }
}

/** A private key is searched as a number and as the text that a JWK has. */
function privateKey(kind: string, name: string, d: string): readonly Canary[] {
  return [{ kind, name, value: Buffer.from(d, 'base64url') }];
}

/** What goes through the key derivation while `work` runs: the master key, its children and what wraps it. */
async function recordDerivedKeys(work: () => Promise<void>): Promise<readonly Canary[]> {
  const seen: Canary[] = [];
  const { hkdfSync } = crypto;
  const keep = (name: string, value: Uint8Array): void => void seen.push({ kind: 'vault key', name, value: Buffer.from(value) });
  crypto.hkdfSync = (digest, material, ...rest) => {
    const [, info, length] = rest;
    keep(`material of ${Buffer.from(info as string).toString('latin1')}`, Buffer.from(material as Buffer));
    const child = hkdfSync(digest, material, ...rest);
    if (length === child.byteLength) keep(Buffer.from(info as string).toString('latin1'), new Uint8Array(child.slice(0)));
    return child;
  };
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    crypto.hkdfSync = hkdfSync;
    syncBuiltinESMExports();
  }
  const known = new Set<string>();
  return seen.filter(({ value }) => {
    const text = (value as Buffer).toString('hex');
    return !known.has(text) && known.add(text) !== undefined;
  });
}
