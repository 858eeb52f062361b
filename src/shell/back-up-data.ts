import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { Refusal } from '../base/errors.ts';
import { readKeyItems, writeKeyItems } from '../platform/key-items-file.ts';
import { backUpDatabase } from '../store/back-up.ts';
import { dataFiles, withoutHeads } from './data-files.ts';

export interface BackedUp {
  /** Absolute path of the new folder. */
  readonly folder: string;
  /** Names of the files in it. */
  readonly files: readonly string[];
  /** Where the other half of the keys is: `here` where this machine keeps it in a file, else `keychain`, of which nothing is copied. */
  readonly keyItems: 'here' | 'keychain';
}

/**
 * Copies what a data folder holds to a new folder that only its owner may enter, also while Counterfoil works with it.
 *
 * security: the program that asks writes the copy, with its own rights. The core writes nowhere for anybody: a program that reaches only
 * our socket, from a container for example, could otherwise have files written where it cannot.
 *
 * What is copied opens as the folder itself does, and holds nothing that is not there; no copy holds the state head that the keychain
 * remembers, so that putting it back is found at the next unlock (security rule 8). Refuses `data_missing`; `invalid_input` for a folder that is
 * there already, or within the data; `conflict` when the keys changed meanwhile; `store_failed`. Then nothing is left behind.
 */
export async function backUpData(data: string, to: string): Promise<BackedUp> {
  const folder = resolve(to);
  const from = dataFiles(data);
  if (!existsSync(from.database)) {
    throw new Refusal('data_missing', `There is nothing to back up in ${data}.`);
  }
  if (isWithin(folder, data)) {
    throw new Refusal('invalid_input', 'A copy within the data is lost together with it.', { hint: 'Choose a folder elsewhere.' });
  }
  makeNew(folder);
  try {
    return await fill(folder, from);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function fill(folder: string, from: ReturnType<typeof dataFiles>): Promise<BackedUp> {
  const files = dataFiles(folder);
  const before = await keyItemsIn(from.keyItems);
  backUpDatabase(from.database, files.database);
  const after = await keyItemsIn(from.keyItems);
  // A database and the keys of another moment would not open together.
  if (JSON.stringify([...after]) !== JSON.stringify([...before])) {
    throw new Refusal('conflict', 'The keys changed while they were copied. No copy was made.', { hint: 'Try again.' });
  }
  if (after.size > 0) await writeKeyItems(files.keyItems, after);
  if (existsSync(from.hostName)) copyFileSync(from.hostName, files.hostName);
  return {
    folder,
    files: [files.database, files.keyItems, files.hostName].flatMap((file) => (existsSync(file) ? [relative(folder, file)] : [])),
    keyItems: after.size > 0 ? 'here' : 'keychain',
  };
}

async function keyItemsIn(file: string): Promise<ReadonlyMap<string, string>> {
  return withoutHeads(await readKeyItems(file));
}

function makeNew(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    const isThere = existsSync(folder);
    throw new Refusal('invalid_input', isThere ? `${folder} is there already.` : `${folder} cannot be made.`, {
      cause,
      hint: isThere
        ? 'Nothing is written over: name a folder that is not there yet.'
        : 'The folder around it must be there, and yours.',
    });
  }
}

/** Both are absolute. */
function isWithin(path: string, folder: string): boolean {
  const way = relative(resolve(folder), path);
  return way === '' || !(way.startsWith('..') || resolve(way) === way);
}
