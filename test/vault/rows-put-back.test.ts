import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal, type RefusalCode } from '../../src/base/errors.ts';
import type { SqlValue } from '../../src/store/store.ts';
import { type GuardedRow, type GuardedTable, guardedTable } from '../../src/vault/vault.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';

interface Thing {
  readonly name: string;
}

/** The table `settings` has no index columns. */
const definition = {
  name: 'settings',
  schema: 1,
  columns: () => ({}),
  adopt: (written: Thing) => (written.name === 'harmless' ? written : undefined),
};
const one: Thing = { name: 'one' };
const two: Thing = { name: 'two' };

let keep: Keep;
let table: GuardedTable<Thing>;
beforeEach(async () => {
  keep = await openKeep();
  table = guardedTable(keep, definition);
});
afterEach(() => keep.close());

const stored = (id: string) => keep.store.first<Record<string, SqlValue>>('SELECT * FROM settings WHERE id = ?', id) ?? {};
const drop = (id: string) => keep.store.commit([{ sql: 'DELETE FROM settings WHERE id = ?', values: [id] }]);
function putBack({ id = null, version = null, body = null, mac = null }: Record<string, SqlValue>): void {
  drop(String(id));
  keep.store.commit([
    { sql: 'INSERT INTO settings (id, version, body, mac) VALUES (?, ?, ?, ?)', values: [id, version, body, mac] },
  ]);
}
const found = (id: string): GuardedRow<Thing> => {
  const row = table.find(id);
  if (row === undefined) throw new Error('the row is gone');
  return row;
};
function refusal(task: () => unknown, code: RefusalCode): void {
  expect(task).toThrow(expect.toSatisfy((error: unknown) => isRefusal(error, code)));
}
function expectTampered(id: string): void {
  refusal(() => table.find(id), 'row_tampered');
  expect(table.list().map((row) => row.id)).not.toContain(id);
  expect(table.tampered()).toContain(id);
}

describe('an older version that is put back in the same run (security rule 3)', () => {
  test('is refused once the newer one was read', () => {
    keep.store.commit([table.insert('a', one)]);
    const old = stored('a');
    keep.store.commit([table.update(found('a'), two)]);
    expect(found('a').value).toEqual(two);
    putBack(old);
    expectTampered('a');
  });

  test('is refused although nobody read the newer one', async () => {
    keep.store.commit([table.insert('a', one)]);
    const old = stored('a');
    keep.store.commit([table.update(found('a'), two)]);
    await Promise.resolve();
    putBack(old);
    expectTampered('a');
  });

  test('is refused after the vault was locked and unlocked, and what was written while locked counts too', async () => {
    keep.store.commit([table.insert('a', one)]);
    const old = stored('a');
    found('a');
    keep.vault.lock();
    keep.store.commit([table.update(found('a'), { name: 'harmless' })]);
    await keep.unlock();
    putBack(old);
    expectTampered('a');
  });

  test('a change that was refused is not remembered', async () => {
    keep.store.commit([table.insert('a', one), table.insert('b', one)]);
    const row = found('a');
    refusal(() => keep.store.commit([table.update(row, two), table.insert('b', two)]), 'conflict');
    refusal(() => keep.store.commit([table.remove(row), table.insert('b', two)]), 'conflict');
    await Promise.resolve();
    expect(found('a')).toMatchObject({ version: 1, value: one });
    drop('a');
    expectTampered('a');
  });

  test('without its MAC is not taken over at unlock, the version that was read neither', async () => {
    keep.store.commit([table.insert('a', { name: 'harmless' })]);
    const old = stored('a');
    keep.store.commit([table.update(found('a'), { name: 'harmless' })]);
    expect(found('a').version).toBe(2);
    keep.vault.lock();
    putBack({ ...old, mac: null });
    await keep.unlock();
    expect(table.adopt()).toEqual({ adopted: [], refused: ['a'] });
    putBack({ ...old, version: 2, mac: null });
    expect(table.adopt()).toEqual({ adopted: [], refused: ['a'] });
  });
});

describe('a row that vanished (security rule 3)', () => {
  test('without us is tampered with', () => {
    keep.store.commit([table.insert('a', one)]);
    found('a');
    drop('a');
    expectTampered('a');
    keep.store.commit([table.insert('a', two)]);
    expect(found('a')).toMatchObject({ version: 2, value: two });
  });

  test('because we removed it is gone, and does not come back', () => {
    keep.store.commit([table.insert('a', one)]);
    const old = stored('a');
    keep.store.commit([table.remove(found('a'))]);
    expect(table.find('a')).toBeUndefined();
    expect(table.tampered()).toEqual([]);
    putBack(old);
    expectTampered('a');
    drop('a');
    keep.store.commit([table.insert('a', two)]);
    expect(found('a').value).toEqual(two);
  });
});

describe('two owners of one table', () => {
  test('see, adopt and report only the rows with their ids (security rule 3)', async () => {
    const mine = guardedTable<Thing>(keep, { ...definition, ids: ['mine'] });
    const theirs = guardedTable<Thing>(keep, { ...definition, ids: ['theirs'] });
    keep.vault.lock();
    keep.store.commit([mine.insert('mine', { name: 'harmless' }), theirs.insert('theirs', { name: 'harmless' })]);
    await keep.unlock();
    expect(mine.tampered()).toEqual(['mine']);
    expect(mine.adopt()).toEqual({ adopted: ['mine'], refused: [] });
    expect(mine.find('theirs')).toBeUndefined();
    expect(mine.list('1 = 1 OR 1 = 1').map(({ id }) => id)).toEqual(['mine']);
    expect(mine.count()).toBe(1);
    expect(stored('theirs')['mac']).toBeNull();
    expect(() => mine.insert('theirs', one)).toThrow();
  });
});

describe('what is taken over at unlock', () => {
  test('is changed as the owner says, and judged with its id', async () => {
    const owner = guardedTable<Thing>(keep, {
      ...definition,
      adopt: ({ name }, id) => (id === 'a' ? { name: `${name}, received while locked` } : undefined),
    });
    keep.vault.lock();
    keep.store.commit([owner.insert('a', one), owner.insert('b', one)]);
    await keep.unlock();
    expect(owner.adopt()).toEqual({ adopted: ['a'], refused: ['b'] });
    expect(owner.find('a')).toMatchObject({ trusted: true, value: { name: 'one, received while locked' } });
  });
});
