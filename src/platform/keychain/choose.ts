import { access } from 'node:fs/promises';
import type { Keychain } from '../keychain.ts';
import { type OsKeychain, osKeychain } from './os.ts';
import { sealedFileKeychain } from './sealed-file.ts';

export interface KeychainChoice {
  /** Where key items go on a machine without a keychain. */
  readonly file: string;
  /** Default: the system's own. */
  readonly os?: OsKeychain;
}

/**
 * The keychain for this machine: the system's own, or the file where there certainly is none.
 *
 * An installation that began with the file stays with it. Refuses `keychain_refused` or `keychain_unavailable` when
 * there is a keychain that is locked or silent: falling back then would be a downgrade that anybody could cause.
 */
export async function chooseKeychain({ file, os = osKeychain() }: KeychainChoice): Promise<Keychain> {
  if (await exists(file)) return sealedFileKeychain(file);
  const found = await os.probe();
  return found === 'ready' ? os : sealedFileKeychain(file);
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
