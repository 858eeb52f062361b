import type { Keychain } from '../keychain.ts';

/** A keychain that is gone with the process. For tests only: it protects nothing and keeps nothing. */
export function memoryKeychain(): Keychain {
  const items = new Map<string, Uint8Array>();
  return {
    kind: 'memory',
    description: 'Memory of this process',
    get: async (item) => items.get(item)?.slice(),
    set: async (item, value) => {
      // `slice` of a Buffer shares its bytes, and the caller may zero them.
      items.set(item, Uint8Array.from(value));
    },
    delete: async (item) => {
      items.delete(item);
    },
  };
}
