import { chmodSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Refusal } from '../base/errors.ts';

/** Holds the data folder for this process. */
export interface InstanceLock {
  release(): void;
}

/**
 * Takes the data folder for this process, or returns `undefined` when another one has it.
 *
 * The lock is an open exclusive transaction on an empty database: the operating system holds it and lets go when the process
 * ends, however it ends, so there is no process id that could be stale.
 */
export function takeInstanceLock(dataFolder: string): InstanceLock | undefined {
  const file = join(dataFolder, 'instance.lock');
  try {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    const database = new Database(file, { timeout: 0 });
    try {
      // Nothing is ever written, so nothing can be left to roll back.
      database.pragma('journal_mode = MEMORY');
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
    return { release: () => database.close() };
  } catch (error) {
    throw new Refusal('launch_failed', `The lock ${file} cannot be taken.`, { cause: error });
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
