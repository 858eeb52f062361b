import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { Refusal } from '../base/errors.ts';

/**
 * Writes a consistent copy of a database to a new file that only its owner may read, also while a program is working with
 * it: what was committed before is in it, of what is committed meanwhile nothing. The copy is one file, holds nothing that
 * was deleted, and was read back whole before this returns.
 *
 * It is worth nothing without the passphrase and the keychain item. Refuses `store_failed`, and then leaves nothing behind;
 * a file that is there already is never written over.
 */
export function backUpDatabase(from: string, to: string): void {
  try {
    closeSync(openSync(to, 'wx', 0o600));
  } catch (error) {
    throw failed(error, 'Choose a file that is not there yet, in a folder of yours.');
  }
  try {
    copy(from, to);
    assertWhole(to);
    for (const path of [to, dirname(to)]) sync(path);
  } catch (error) {
    rmSync(to, { force: true });
    throw failed(error);
  }
}

function copy(from: string, to: string): void {
  const database = new Sqlite(from, { fileMustExist: true });
  try {
    database.prepare('VACUUM INTO ?').run(to);
  } finally {
    database.close();
  }
}

function assertWhole(file: string): void {
  const database = new Sqlite(file, { readonly: true });
  try {
    const found = database.pragma('integrity_check', { simple: true });
    if (found !== 'ok') throw new Error(`the copy is not whole: ${String(found)}`);
  } finally {
    database.close();
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function failed(error: unknown, hint?: string): Refusal {
  return new Refusal('store_failed', 'The copy was not made.', {
    detail: String(error),
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
