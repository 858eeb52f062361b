import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = new URL('../../node_modules/electron', import.meta.url).pathname;

/** Path of Electron's binary, or `undefined`. Looks only: asking the package itself would start a download. */
export function findElectron(): string | undefined {
  const named = join(folder, 'path.txt');
  if (!existsSync(named)) return undefined;
  const binary = join(folder, 'dist', readFileSync(named, 'utf8').trim());
  return existsSync(binary) ? binary : undefined;
}
