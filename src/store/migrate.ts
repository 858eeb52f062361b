import type { Database } from 'better-sqlite3';
import { Refusal } from '../base/errors.ts';
import type { Migration } from './migrations/migrations.ts';

/** The schema's version as SQLite keeps it; 0 for an empty file. */
function schemaVersion(database: Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

/**
 * Refuses `store_newer` when a later version of this program wrote the file. Reads only, and runs before anything
 * else does, so such a file is left as it was.
 */
export function assertNotNewer(database: Database, migrations: readonly Migration[]): void {
  const known = migrations.at(-1)?.version ?? 0;
  const found = schemaVersion(database);
  if (found > known) {
    throw new Refusal('store_newer', 'A newer version of this program made this data. It was left as it is.', {
      detail: `schema ${found}, this program knows ${known}`,
      hint: 'Start the newer version.',
    });
  }
}

/** Brings the schema up to date. Each migration happens whole, with its version, or not at all. */
export function migrate(database: Database, migrations: readonly Migration[]): void {
  for (const migration of migrations) {
    const step = database.transaction(() => {
      if (schemaVersion(database) >= migration.version) return;
      database.exec(migration.sql);
      database.pragma(`user_version = ${migration.version}`);
    });
    step.exclusive();
  }
}
