import { readKeyItems, writeKeyItems } from '../key-items-file.ts';
import type { Keychain } from '../keychain.ts';

/**
 * A file that only its owner may read, for machines without a keychain. The vault seals what it puts here; against
 * a program of the same user, or whoever has the disk, the passphrase alone stands.
 *
 * Writing is atomic: after a crash there is the old content or the new one. Refuses `keychain_refused` when the file
 * cannot be read or written, and never starts an empty one in place of a damaged one.
 */
export function sealedFileKeychain(file: string): Keychain {
  let last: Promise<unknown> = Promise.resolve();
  const change = (edit: (items: Map<string, string>) => boolean): Promise<void> => {
    const result = last.then(async () => {
      const items = await readKeyItems(file);
      if (edit(items)) await writeKeyItems(file, items);
    });
    last = result.catch(() => undefined);
    return result;
  };
  return {
    kind: 'file',
    description: 'A file protected by your passphrase alone: this system offers no keychain',
    get: async (item) => {
      await last;
      const text = (await readKeyItems(file)).get(item);
      return text === undefined ? undefined : Buffer.from(text, 'base64url');
    },
    set: (item, value) =>
      change((items) => {
        items.set(item, Buffer.from(value).toString('base64url'));
        return true;
      }),
    delete: (item) => change((items) => items.delete(item)),
  };
}
