/** Files that were written since an instant, in the places where programs leave things. Linux. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FoundFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Folders for temporary files and those of the XDG specification, of this user as he is logged in. */
function places(): readonly string[] {
  const { XDG_RUNTIME_DIR, XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_STATE_HOME } = process.env;
  const home = homedir();
  return [
    ...new Set([
      ...[tmpdir(), '/tmp', '/var/tmp', '/dev/shm'],
      XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.()}`,
      XDG_DATA_HOME ?? join(home, '.local/share'),
      XDG_CONFIG_HOME ?? join(home, '.config'),
      XDG_CACHE_HOME ?? join(home, '.cache'),
      XDG_STATE_HOME ?? join(home, '.local/state'),
    ]),
  ];
}

/** Others write there as well: what is larger than this is not ours. Bytes. */
const largest = 16 * 1024 * 1024;
const deepest = 4;

/** @param since Milliseconds since the epoch. */
export function filesWrittenSince(since: number): readonly FoundFile[] {
  const found: FoundFile[] = [];
  const walk = (folder: string, depth: number): void => {
    for (const entry of quietly(() => readdirSync(folder, { withFileTypes: true })) ?? []) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth < deepest && entry.name !== 'node_modules') walk(path, depth + 1);
      if (!entry.isFile()) continue;
      const facts = quietly(() => statSync(path));
      if (facts === undefined || Math.max(facts.mtimeMs, facts.ctimeMs) < since || facts.size > largest) continue;
      const bytes = quietly(() => readFileSync(path));
      if (bytes !== undefined) found.push({ path, bytes });
    }
  };
  for (const place of places()) walk(place, 0);
  return found;
}

/** Files that a process holds open and that have no name any more. */
export function deletedFilesOf(pid: number): readonly FoundFile[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    const path = `/proc/${pid}/fd/${name}`;
    const target = quietly(() => readlinkSync(path)) ?? '';
    const isFile = target.endsWith(' (deleted)') && quietly(() => statSync(path).isFile()) === true;
    const bytes = isFile ? quietly(() => readFileSync(path)) : undefined;
    return bytes === undefined ? [] : [{ path: target, bytes }];
  });
}

/** What vanishes while one looks, or belongs to another user, is not there. */
function quietly<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
