import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dataFiles } from './data-files.ts';

const shape = /^cf-[\da-f]{32}\.localhost$/;

/**
 * The host name of this installation's UI, made up at the first start and kept (security rule 4): passkeys will be bound to it,
 * and no other program can know it beforehand. A file that holds anything else is replaced.
 */
export function hostNameOf(dataFolder: string): string {
  const file = dataFiles(dataFolder).hostName;
  const kept = readKept(file);
  if (kept !== undefined && shape.test(kept)) return kept;
  const made = `cf-${randomBytes(16).toString('hex')}.localhost`;
  writeFileSync(file, `${made}\n`, { mode: 0o600 });
  return made;
}

function readKept(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
