import Sqlite from 'better-sqlite3';
import { Refusal } from '../base/errors.ts';
import { migrate } from './migrate.ts';
import type { Migration } from './migrations/migrations.ts';

/** A larger database would keep the person waiting: about 10 ms for each MiB. */
const checkedWholeAtMost = 32 * 2 ** 20;

/**
 * Refuses `store_failed` for damage that SQLite can see. MACs and the chain speak for what a row says; an index that lost
 * a row would leave it out of a list, and no row would be wrong.
 */
export function assertWhole(database: Sqlite.Database): void {
  const size = Number(database.pragma('page_count', { simple: true })) * Number(database.pragma('page_size', { simple: true }));
  if (size > checkedWholeAtMost) return;
  const found = String(database.pragma('integrity_check(1)', { simple: true }));
  if (found !== 'ok') throw damaged(found);
}

/**
 * Refuses `store_failed` unless tables, indexes and triggers are to the letter those of a new installation: a name or a
 * condition that was changed on disk, or a trigger that another program left, would change what our statements mean.
 */
export function assertSchema(database: Sqlite.Database, migrations: readonly Migration[]): void {
  const fresh = new Sqlite(':memory:');
  try {
    migrate(fresh, migrations);
    // security: nothing runs inside our statements but what we wrote
    if (schemaOf(database) !== schemaOf(fresh)) throw damaged('the schema is not that of its version');
  } finally {
    fresh.close();
  }
}

function schemaOf(database: Sqlite.Database): string {
  return JSON.stringify(database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all());
}

function damaged(detail: string): Refusal {
  return new Refusal('store_failed', 'The data is damaged. It was left as it is.', {
    detail,
    hint: 'Restore the data folder from a copy.',
  });
}
