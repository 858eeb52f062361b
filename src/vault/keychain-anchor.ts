import { createHash } from 'node:crypto';
import { Refusal } from '../base/errors.ts';
import type { Keychain } from '../platform/keychain.ts';
import { framed } from './framed.ts';
import { passphraseSetOf, type VaultRecord } from './vault-record.ts';

/** What the keychain gives for the passphrase set. */
export interface KeychainFactor {
  /** For the caller to zero. Absent where the keychain is a file. */
  readonly rootSecret?: Buffer;
}

/**
 * What ties the data to the keychain, both ways: `root/<install>` is a factor of the vault (there are two places for it, so that
 * a new one is kept before the old one goes), `install/<place>` says that there is data in this place, and `data/<install>`
 * says that this file belongs to the data where the keychain is a file. `record/<install>` names the newest record by its MAC.
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
   * What of this installation is missing in the keychain, as a refusal that says how to go on: `data_missing`, or
   * `keychain_unavailable` when this is not the kind of keychain that it began with. Refuses as the keychain does.
   */
  async findMissing(record: VaultRecord): Promise<Refusal | undefined> {
    const found = await this.#read(record);
    if (found instanceof Refusal) return found;
    found.rootSecret?.fill(0);
    return undefined;
  }

  /** The keychain's part of the passphrase set. Refuses what {@link KeychainAnchor.findMissing} finds. */
  async factor(record: VaultRecord): Promise<KeychainFactor> {
    const found = await this.#read(record);
    if (found instanceof Refusal) throw found;
    return found;
  }

  /** Keeps the factor, or with a file the note that it belongs to the data. Before the record that names it. */
  async keepFactor(install: string, slot: 0 | 1, rootSecret: Buffer | undefined): Promise<void> {
    if (rootSecret === undefined) await this.#keychain.set(dataItem(install), Buffer.of(1));
    else await this.#keychain.set(rootItem(install, slot), rootSecret);
  }

  /** Forgets a factor that no record names any more. Silent when the keychain says no: nothing depends on it. */
  async dropFactor(install: string, slot: 0 | 1): Promise<void> {
    await this.#keychain.delete(rootItem(install, slot)).catch(() => undefined);
  }

  /** Takes back {@link KeychainAnchor.keepFactor} for an installation that did not come to be. */
  async dropAll(install: string): Promise<void> {
    await this.#keychain.delete(rootItem(install, 0));
    await this.#keychain.delete(dataItem(install));
    await this.#keychain.delete(recordItem(install));
  }

  /**
   * Notes which record comes next, beside the newest so far, before it is written: whenever the program ends, the record that is
   * there then is one of the two. The newest so far is the one that is there, `current`, where that was expected: the one that was
   * expected last may never have been written.
   */
  async expectRecord(install: string, mac: string, current?: string): Promise<void> {
    const expected = await this.#expected(install);
    const known = expected.find((one) => one === current) ?? expected.at(-1);
    await this.#keychain.set(recordItem(install), Buffer.from([known ?? mac, mac].join(' ')));
  }

  /** True for a record that was not put back. A keychain that `mayBeNew` may know of none. */
  async isNewest({ install, mac }: VaultRecord, mayBeNew: boolean): Promise<boolean> {
    const expected = await this.#expected(install);
    if (expected.length === 0) return mayBeNew;
    return mac !== undefined && expected.includes(mac);
  }

  /** Only the record that is there now is the newest. */
  async settleRecord({ install, mac = '' }: VaultRecord): Promise<void> {
    const expected = await this.#expected(install);
    if (expected.some((known) => known !== mac)) await this.#keychain.set(recordItem(install), Buffer.from(mac));
  }

  async #expected(install: string): Promise<readonly string[]> {
    const kept = await this.#keychain.get(recordItem(install));
    return kept === undefined ? [] : Buffer.from(kept).toString('utf8').split(' ');
  }

  /** Notes that there is data in this place. Done at each unlock, so moved data is known where it is now. */
  async rememberPlace(install: string): Promise<void> {
    const wanted = Buffer.from(install, 'utf8');
    const known = await this.#keychain.get(this.#placeItem);
    if (known === undefined || !wanted.equals(known)) await this.#keychain.set(this.#placeItem, wanted);
  }

  async #read(record: VaultRecord): Promise<KeychainFactor | Refusal> {
    const other = this.#otherKind(record);
    if (other !== undefined) return other;
    if (record.keychain === 'file') return this.#readFile(record);
    const { rootSlot = 0, rootCheck } = passphraseSetOf(record);
    const item = rootItem(record.install, rootSlot);
    const root = await this.#keychain.get(item);
    if (root === undefined) return this.#missingItem(record, item);
    const rootSecret = Buffer.from(root.buffer, root.byteOffset, root.byteLength);
    if (rootCheck === undefined || rootCheck === rootCheckOf(record.install, rootSecret)) return { rootSecret };
    rootSecret.fill(0);
    // security: rule 22, the passphrase may be right: to say that it is wrong would send the person the wrong way
    return new Refusal('data_missing', 'The keychain item that belongs to this data has another value than it had.', {
      hint: `Put back the keychain that has the right item "${item}".`,
    });
  }

  async #readFile(record: VaultRecord): Promise<KeychainFactor | Refusal> {
    if (record.version === 1 || (await this.#keychain.get(dataItem(record.install))) !== undefined) return {};
    return missingFile();
  }

  async #missingItem(record: VaultRecord, item: string): Promise<Refusal> {
    const here = await this.#keychain.get(this.#placeItem);
    // security: rule 22
    if (here !== undefined && Buffer.from(here).toString('utf8') !== record.install) {
      return new Refusal(
        'data_missing',
        'The database here belongs to another installation, and this keychain has no item for it.',
        {
          hint: 'Put the database of this installation back, or use the keychain that this one was made with.',
        },
      );
    }
    return new Refusal('data_missing', 'The keychain item that belongs to this data is missing.', {
      hint: `Restore the keychain, or use the one that has the item "${item}".`,
    });
  }

  #otherKind(record: VaultRecord): Refusal | undefined {
    if (record.keychain === this.#keychain.kind) return undefined;
    if (record.keychain === 'file') return missingFile();
    return new Refusal('keychain_unavailable', 'This vault needs the keychain that it was made with.', {
      detail: `made with ${record.keychain}, running with ${this.#keychain.kind}`,
      hint: 'Start or unlock the keychain of this system, then start this program again.',
    });
  }
}

/** Names a keychain secret without giving any of it away: it is random, so nobody can find it by trying. */
export function rootCheckOf(install: string, rootSecret: Buffer): string {
  return createHash('sha256')
    .update(framed('counterfoil/root-check/v1', install, rootSecret))
    .digest('base64url');
}

function missingFile(): Refusal {
  return new Refusal('data_missing', 'The file with the key items of this vault is missing.', {
    hint: 'Put the file keychain.json back into the data folder.',
  });
}

function rootItem(install: string, slot: 0 | 1): string {
  return slot === 0 ? `root/${install}` : `root/${install}/2`;
}

function recordItem(install: string): string {
  return `record/${install}`;
}

function dataItem(install: string): string {
  return `data/${install}`;
}
