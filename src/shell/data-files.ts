import { join } from 'node:path';

/** What a data folder holds that is worth a copy. The rest is a log, a lock, what the command line pinned, and browser profiles. */
export interface DataFiles {
  readonly database: string;
  /** Only where the system has no keychain. */
  readonly keyItems: string;
  /** The address that the person's pages have. */
  readonly hostName: string;
}

/** Where they are in a data folder, or in a copy of one. */
export function dataFiles(folder: string): DataFiles {
  return {
    database: join(folder, 'counterfoil.db'),
    keyItems: join(folder, 'keychain.json'),
    hostName: join(folder, 'host-name'),
  };
}

/** Begins the name of the item that remembers the newest state of an installation (`state-head/keychain-copy.ts`). */
const headPrefix = 'head/';

/** Key items without those that remember a state: from a copy such an item would vouch for the data beside it. */
export function withoutHeads(items: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...items].filter(([name]) => !name.startsWith(headPrefix)));
}
