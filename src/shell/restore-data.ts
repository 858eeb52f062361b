import { copyFileSync, existsSync, mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Refusal } from '../base/errors.ts';
import { readKeyItems, writeKeyItems } from '../platform/key-items-file.ts';
import { backUpDatabase } from '../store/back-up.ts';
import { openStore } from '../store/sqlite.ts';
import { type DataFiles, dataFiles, withoutHeads } from './data-files.ts';
import type { Folders, Machine } from './folders.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { prepareFolders } from './prepare-folders.ts';

export interface Restored {
  /** Where what was there before is now; absent when nothing was. */
  readonly aside?: string;
}

/**
 * Puts a copy in the place of the data. What was there is moved to a folder within the data folder, never removed; the copy stays as it is.
 *
 * Whoever calls this is not asked for anything: any program of the person can put files in place of others. Restoring gives nobody authority,
 * because the keychain (or the file in its place, whose newest state stays) remembers a later state than the copy: at the next unlock every
 * grant stands still, and the person says with presence which go on (security rule 8).
 *
 * Refuses `already_running`; `data_missing` where there is no copy; `store_newer` or `store_failed` for one that is of a later version or
 * damaged: then nothing was moved. A program that is killed on the way leaves all files in the data folder, under one name or another.
 *
 * @param now Names the folder for what was there.
 */
export async function restoreData(
  folders: Folders,
  machine: Machine,
  how: { readonly from: string; readonly now: number },
): Promise<Restored> {
  const copy = dataFiles(resolve(how.from));
  if (!existsSync(copy.database)) {
    throw new Refusal('data_missing', `There is no copy in ${resolve(how.from)}.`, {
      hint: 'It is a folder that "counterfoil backup" made, or a copy of the data folder: it holds counterfoil.db.',
    });
  }
  prepareFolders(folders, machine);
  const lock = takeInstanceLock(folders.data);
  if (lock === undefined) {
    throw new Refusal('already_running', 'Counterfoil is running. Nothing was restored.', { hint: 'Quit it first.' });
  }
  const staging = join(folders.data, 'restoring');
  try {
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging, { mode: 0o700 });
    const staged = dataFiles(staging);
    await stage(copy, staged, dataFiles(folders.data));
    return exchange(folders.data, staged, how.now);
  } finally {
    rmSync(staging, { recursive: true, force: true });
    lock.release();
  }
}

/** The copy as it is going to stand there: read whole, of this version, with the newest state that this machine remembers. */
async function stage(copy: DataFiles, staged: DataFiles, present: DataFiles): Promise<void> {
  backUpDatabase(copy.database, staged.database);
  openStore({ file: staged.database }).close();
  const copied = withoutHeads(await readKeyItems(copy.keyItems));
  if (copied.size > 0) {
    // security: what is remembered here goes before what a copy says of itself, or a copy could vouch for itself
    await writeKeyItems(staged.keyItems, new Map([...(await readKeyItems(present.keyItems)), ...copied]));
  }
  if (existsSync(copy.hostName)) copyFileSync(copy.hostName, staged.hostName);
}

/** SQLite's own files belong to the database beside which they stand, and to no other. */
const besideDatabase = ['', '-wal', '-shm', '-journal'];

function exchange(data: string, staged: DataFiles, now: number): Restored {
  const present = dataFiles(data);
  const aside = join(data, `before-restore-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`);
  const moved: string[] = [];
  const move = (file: string): void => {
    if (!existsSync(file)) return;
    renameSync(file, join(aside, basename(file)));
    moved.push(file);
  };
  try {
    mkdirSync(aside, { mode: 0o700 });
    // The database first: without it nothing starts, and with another's write-ahead log it would be damaged.
    for (const suffix of besideDatabase) move(`${present.database}${suffix}`);
    for (const part of ['keyItems', 'hostName'] as const) {
      if (!existsSync(staged[part])) continue;
      move(present[part]);
      renameSync(staged[part], present[part]);
    }
    renameSync(staged.database, present.database);
  } catch (error) {
    for (const file of moved.toReversed()) renameSync(join(aside, basename(file)), file);
    if (moved.length > 0) rmdirSync(aside);
    throw new Refusal('store_failed', 'The copy was not restored. What was there is in its place.', {
      cause: error,
      detail: String(error),
    });
  }
  if (moved.length > 0) return { aside };
  rmdirSync(aside);
  return {};
}
