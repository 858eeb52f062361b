/**
 * What a crash after each commit leaves behind: the database as it is on the disk at that moment, and the keychain.
 *
 *     const images = takeImages(keep, { folder, keychain });
 *     …                                    // whatever commits
 *     for (const image of images.stop()) await openAuthServer({ ...image, vault: 'absent' });
 */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Keychain } from '../../../src/platform/keychain.ts';
import type { Change, Store } from '../../../src/store/store.ts';
import type { Keep } from '../../support/open-keep.ts';

export interface CopyableKeychain extends Keychain {
  copy(): CopyableKeychain;
}

export function copyableKeychain(items = new Map<string, Uint8Array>()): CopyableKeychain {
  return {
    kind: 'memory',
    description: 'Memory of this test',
    get: async (item) => items.get(item)?.slice(),
    set: async (item, value) => void items.set(item, Uint8Array.from(value)),
    delete: async (item) => void items.delete(item),
    copy: () => copyableKeychain(new Map(items)),
  };
}

export interface CrashImage {
  readonly file: string;
  readonly keychain: CopyableKeychain;
}

/** One image from before the first commit and one after each. */
export function takeImages(
  keep: Keep,
  { folder, keychain }: { readonly folder: string; readonly keychain: CopyableKeychain },
): { stop(): readonly CrashImage[] } {
  const images: CrashImage[] = [];
  const take = (): void => {
    const file = join(folder, `image-${images.length}`, 'data.db');
    mkdirSync(join(file, '..'), { recursive: true });
    for (const suffix of ['', '-wal'])
      if (existsSync(`${keep.store.file}${suffix}`)) copyFileSync(`${keep.store.file}${suffix}`, `${file}${suffix}`);
    images.push({ file, keychain: keychain.copy() });
  };
  take();
  const stop = onCommit(keep.store, (run) => {
    run();
    take();
  });
  return {
    stop() {
      stop();
      return images;
    },
  };
}

/** Lets `around` run each commit, or fail in its place. Returns how to end that. */
export function onCommit(store: Store, around: (run: () => void, change: Change) => void): () => void {
  const commit = store.commit.bind(store);
  Object.assign(store, {
    commit: (change: Change, durability?: Parameters<Store['commit']>[1]) => around(() => commit(change, durability), change),
  });
  return () => void Object.assign(store, { commit });
}
