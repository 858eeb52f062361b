import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** One thing that ships. */
export interface Part {
  readonly name: 'renderer' | 'headless' | 'cli' | 'electron' | 'preload';
  /** Folders that it is made of. */
  readonly sources: readonly string[];
  /** Entry of a bundle; the renderer has its own configuration. */
  readonly input?: Readonly<Record<string, string>>;
  readonly output: readonly string[];
}

/** What every part depends on besides its own sources. */
const common = ['package-lock.json', 'resources/start/build.ts'];

function filesIn(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** SHA-256 over names and contents of all files below the given paths. */
export function digestSources(sources: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of [...common, ...sources].flatMap((source) => filesIn(join(root, source))).sort()) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Digests of the sources of what is in `dist` now. */
export function readBuilt(): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(join(root, 'dist', '.built.json'), 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}
