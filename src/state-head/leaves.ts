import { createHash } from 'node:crypto';

/** The leaves in memory: which MAC the newest row has, by table and id. Its root changes with every one of them. */
export class Leaves {
  readonly #buckets: Map<string, Uint8Array>[] = Array.from({ length: bucketCount }, () => new Map<string, Uint8Array>());
  readonly #digests: (Buffer | undefined)[] = Array.from({ length: bucketCount }, () => undefined);

  get(key: string): Uint8Array | undefined {
    return this.#buckets[bucketOf(key)]?.get(key);
  }

  /** Returns the leaf that was there before. */
  set(key: string, mac: Uint8Array | undefined): Uint8Array | undefined {
    const index = bucketOf(key);
    const bucket = this.#buckets[index];
    const before = bucket?.get(key);
    if (mac === undefined) bucket?.delete(key);
    else bucket?.set(key, mac);
    this.#digests[index] = undefined;
    return before;
  }

  *keys(): Generator<string> {
    for (const bucket of this.#buckets) yield* bucket.keys();
  }

  /** SHA-256 over the digests of the buckets, each over its sorted leaves; hex. Only changed buckets are computed again. */
  root(): string {
    const root = createHash('sha256');
    for (const [index, bucket] of this.#buckets.entries()) {
      const digest = this.#digests[index] ?? digestOf(bucket);
      this.#digests[index] = digest;
      root.update(digest);
    }
    return root.digest('hex');
  }
}

const bucketCount = 256;

/** The leaf of a row without MAC that was not taken over, so that a later unlock does not take it for a new one. No MAC is this short. */
export const refusedLeaf: Uint8Array = Uint8Array.of(0);

/** One key for a row. Neither part contains NUL: tables are ours, and SQLite's text of an id with one would end there. */
export function leafKey(table: string, id: string): string {
  return `${table}\0${id}`;
}

/** Table and id of a key. */
export function rowOf(key: string): readonly [table: string, id: string] {
  const at = key.indexOf('\0');
  return [key.slice(0, at), key.slice(at + 1)];
}

/** FNV-1a, for spreading only. */
function bucketOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 16)) & (bucketCount - 1);
}

function digestOf(bucket: ReadonlyMap<string, Uint8Array>): Buffer {
  const digest = createHash('sha256');
  for (const key of [...bucket.keys()].sort()) {
    const mac = bucket.get(key) ?? new Uint8Array();
    digest
      .update(`${Buffer.byteLength(key)}:${mac.length}:`)
      .update(key, 'utf8')
      .update(mac);
  }
  return digest.digest();
}
