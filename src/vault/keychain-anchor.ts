import { createHash } from 'node:crypto';
import { Refusal } from '../base/errors.ts';
import type { Keychain } from '../platform/keychain.ts';
import type { VaultRecord } from './vault-record.ts';

/**
 * What ties the data to the keychain, both ways: `root/<install>` is a factor of the vault, and
 * `install/<place>` says that there is data in this place.
 */
export class KeychainAnchor {
  readonly #keychain: Keychain;
  readonly #placeItem: string;

  /** @param place Path of the database. */
  constructor(keychain: Keychain, place: string) {
    this.#keychain = keychain;
    this.#placeItem = `install/${createHash('sha256').update(place).digest('base64url').slice(0, 22)}`;
  }

  /** Refuses `data_missing` when the keychain knows of a vault in this place, of which there is no record. */
  async assertNothingLost(): Promise<void> {
    if ((await this.#keychain.get(this.#placeItem)) === undefined) return;
    // security: rule 22
    throw new Refusal('data_missing', 'There was a vault here, and its data is missing.', {
      hint: `Put the data folder back, or remove the keychain item "${this.#placeItem}" to begin anew.`,
    });
  }

  /**
   * The keychain's factor, for the caller to zero, or `undefined` where the keychain is a file.
   * Refuses `keychain_unavailable` or `data_missing` when this is not the keychain that the installation began with.
   */
  async rootSecret(record: VaultRecord): Promise<Buffer | undefined> {
    this.#assertSameKind(record);
    if (record.keychain === 'file') return undefined;
    const root = await this.#keychain.get(rootItem(record.install));
    if (root !== undefined) return Buffer.from(root.buffer, root.byteOffset, root.byteLength);
    // security: rule 22
    throw new Refusal('data_missing', 'The keychain item that belongs to this data is missing.', {
      hint: `Restore the keychain, or use the one that has the item "${rootItem(record.install)}".`,
    });
  }

  /** Keeps the factor. Nothing for a file. */
  async keepRootSecret(install: string, root: Buffer | undefined): Promise<void> {
    if (root !== undefined) await this.#keychain.set(rootItem(install), root);
  }

  /** Takes back {@link KeychainAnchor.keepRootSecret} for an installation that did not come to be. */
  async dropRootSecret(install: string): Promise<void> {
    await this.#keychain.delete(rootItem(install));
  }

  /** Notes that there is data in this place. Done at each unlock, so moved data is known where it is now. */
  async rememberPlace(install: string): Promise<void> {
    const wanted = Buffer.from(install, 'utf8');
    const known = await this.#keychain.get(this.#placeItem);
    if (known === undefined || !wanted.equals(known)) await this.#keychain.set(this.#placeItem, wanted);
  }

  #assertSameKind(record: VaultRecord): void {
    if (record.keychain === this.#keychain.kind) return;
    if (record.keychain === 'file') {
      throw new Refusal('data_missing', 'The file with the key items of this vault is missing.', {
        hint: 'Put the data folder back as it was.',
      });
    }
    throw new Refusal('keychain_unavailable', 'This vault needs the keychain that it was made with.', {
      detail: `made with ${record.keychain}, running with ${this.#keychain.kind}`,
      hint: 'Start or unlock the keychain of this system, then start this program again.',
    });
  }
}

function rootItem(install: string): string {
  return `root/${install}`;
}
