import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal, type Refusal } from '../../src/base/errors.ts';
import { openStore } from '../../src/store/sqlite.ts';
import type { Statement, Store } from '../../src/store/store.ts';

const schema = `CREATE TABLE parents (id TEXT PRIMARY KEY, n INTEGER NOT NULL, UNIQUE (n)) STRICT;
CREATE TABLE children (id TEXT PRIMARY KEY, parent TEXT NOT NULL REFERENCES parents (id)) STRICT;`;

let store: Store;
beforeEach(() => {
  store = openStore({ file: ':memory:', migrations: [{ version: 1, sql: schema }] });
});
afterEach(() => store.close());

const insert = (id: string, n: number): Statement => ({
  sql: 'INSERT INTO parents (id, n) VALUES (?, ?)',
  values: [id, n],
  mustChangeOne: true,
});
const ids = () => store.all<{ id: string }>('SELECT id FROM parents ORDER BY id').map(({ id }) => id);

function refused(task: () => void): Refusal {
  try {
    task();
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('committing a change', () => {
  test('a statement that had to change one row and changed none rolls back everything', () => {
    const change = [
      insert('a', 1),
      { sql: 'UPDATE parents SET n = 5 WHERE id = ?', values: ['nobody'], mustChangeOne: true },
      insert('b', 2),
    ];
    expect(refused(() => store.commit(change)).code).toBe('conflict');
    expect(ids()).toEqual([]);
  });

  test('a statement that had to change one row and changed two rolls back everything', () => {
    store.commit([insert('a', 1), insert('b', 2)]);
    const change = [{ sql: 'UPDATE parents SET n = n + 10', values: [], mustChangeOne: true }];
    expect(refused(() => store.commit(change)).code).toBe('conflict');
    expect(store.all('SELECT n FROM parents ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('a row that is there already is a conflict, by key and by unique column', () => {
    store.commit([insert('a', 1)]);
    expect(refused(() => store.commit([insert('b', 2), insert('a', 3)])).code).toBe('conflict');
    expect(refused(() => store.commit([insert('b', 2), insert('c', 1)])).code).toBe('conflict');
    expect(ids()).toEqual(['a']);
  });

  test('a broken reference, a wrong type and bad SQL are failures of the store, with the cause for our log', () => {
    const broken: readonly Statement[] = [
      { sql: "INSERT INTO children VALUES ('c', 'nobody')", values: [] },
      { sql: 'INSERT INTO parents VALUES (?, ?)', values: ['a', 'text'] },
      { sql: 'INSERT INTO nowhere VALUES (1)', values: [] },
    ];
    for (const statement of broken) {
      const refusal = refused(() => store.commit([insert('a', 1), statement]));
      expect(refusal.code).toBe('store_failed');
      expect(refusal.cause).toBeInstanceOf(Error);
      expect(refusal.detail).toMatch(/SQLITE_/);
    }
    expect(ids()).toEqual([]);
  });

  test('the message of a refusal repeats nothing of what was written', () => {
    store.commit([insert('private words', 1)]);
    const refusal = refused(() => store.commit([insert('private words', 2)]));
    expect(refusal.message).not.toContain('private');
  });

  test('after a refused change the next one is committed', () => {
    refused(() => store.commit([insert('a', 1), insert('a', 1)]));
    store.commit([insert('a', 1)]);
    expect(ids()).toEqual(['a']);
  });

  test('of racing compare-and-set changes exactly one wins', () => {
    store.commit([insert('a', 0)]);
    const take = { sql: 'UPDATE parents SET n = 1 WHERE id = ? AND n = 0', values: ['a'], mustChangeOne: true };
    const outcomes = Array.from({ length: 50 }, () => {
      try {
        store.commit([take]);
        return 'won';
      } catch (error) {
        return isRefusal(error, 'conflict') ? 'lost' : 'failed';
      }
    });
    expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'lost')).toHaveLength(49);
  });

  test('reads bytes, numbers, text and nothing as they were written, and rows one by one', () => {
    expect(store.first('SELECT ? AS a, ? AS b, ? AS c, ? AS d', Buffer.from([1, 2]), 7, 'x', null)).toEqual({
      a: Buffer.from([1, 2]),
      b: 7,
      c: 'x',
      d: null,
    });
    store.commit([insert('a', 1), insert('b', 2)]);
    expect([...store.each('SELECT id FROM parents ORDER BY id')]).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect(store.first('SELECT id FROM parents WHERE id = ?', 'nobody')).toBeUndefined();
  });

  test('SQL that differs each time does not fill the memory with prepared statements', () => {
    for (let index = 0; index < 2000; index += 1) store.first(`SELECT ${index} AS n`);
    expect(store.first('SELECT 1999 AS n')).toEqual({ n: 1999 });
  });
});
