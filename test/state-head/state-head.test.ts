import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isRefusal, Refusal } from '../../src/base/errors.ts';
import { type House, openHouse, type Run } from './open-house.ts';

let house: House;
let run: Run;
beforeEach(async () => {
  house = openHouse();
  run = house.start();
  await run.unlock();
  run.put('one', 'first');
  run.put('two', 'first');
});
afterEach(async () => {
  await run.end().catch(() => undefined);
  house.remove();
});

/** Ends the run, lets another program do something, and unlocks again. */
async function between(what: () => void | Promise<void> = () => {}): Promise<void> {
  await run.end();
  await what();
  run = house.start();
  await run.unlock();
}
const kinds = (): readonly string[] => run.gaps.open()?.findings.map(({ kind }) => kind) ?? [];
const refusesEverything = (): void =>
  expect(() => run.gaps.assertNone()).toThrow(expect.toSatisfy((error: unknown) => isRefusal(error, 'state_gap')));
const headItem = (): string => `head/${run.vault.installation()}`;

describe('what is ours raises no question', () => {
  test('changes, removals, locks and restarts', async () => {
    run.put('one', 'second');
    run.remove('two');
    run.vault.lock();
    await run.unlock();
    run.put('two', 'again');
    await between();
    expect(kinds()).toEqual([]);
    await between();
    expect(run.gaps.open()).toBeUndefined();
    expect(() => run.gaps.assertNone()).not.toThrow();
  });

  test('a program that was killed: the copy in the keychain may be older than the data', async () => {
    await run.stateHead.settle();
    run.put('one', 'second');
    run.kill();
    run = house.start();
    await run.unlock();
    expect(kinds()).toEqual([]);
  });

  test('a refused change leaves the leaves as they were', async () => {
    const row = run.things.find('one');
    if (!row) throw new Error('no row');
    run.put('one', 'second');
    expect(() => run.audit.commit([run.things.update(row, { name: 'late' })], [{ event: 'settings.changed' }])).toThrow();
    run.put('two', 'second');
    await between();
    expect(kinds()).toEqual([]);
  });

  test('rows that were written while locked and grant nothing', async () => {
    run.vault.lock();
    run.put('three', 'harmless');
    run.put('one', 'harmless');
    await between();
    expect(kinds()).toEqual([]);
    expect(run.things.find('one')).toMatchObject({ trusted: true, value: { name: 'harmless' } });
    await between();
    expect(kinds()).toEqual([]);
  });

  test('a vault that was made, and was killed between its first head and the copy of it', async () => {
    await run.end();
    house.remove();
    house = openHouse();
    run = house.start();
    const first: { copy?: Promise<Uint8Array | undefined>; headsBefore?: number } = {};
    house.faults.onSet = (item) => {
      if (!item.startsWith('head/')) return;
      if (first.headsBefore === undefined) first.headsBefore = run.store.all('SELECT id FROM state_head').length;
      else first.copy ??= house.keychain.get(item);
    };
    await run.unlock();
    await run.stateHead.settle();
    expect(first.headsBefore).toBe(0);
    const item = headItem();
    const copy = (await first.copy) ?? new Uint8Array();
    await between(async () => {
      house.edit('DELETE FROM state_head', 'DELETE FROM state_leaves');
      await house.keychain.set(item, copy);
    });
    expect(kinds()).toEqual([]);
  });

  test('a vault that was made, and was killed before its first head was kept', async () => {
    const item = headItem();
    run.remove('one');
    run.remove('two');
    await between(async () => {
      house.edit('DELETE FROM state_head', 'DELETE FROM state_leaves');
      await house.keychain.delete(item);
    });
    expect(kinds()).toEqual([]);
  });
});

describe('data that was put back between two runs is found at unlock (security rule 8)', () => {
  test('an older database: every grant stands still, also after another restart, until the person answers', async () => {
    await between();
    const at = house.clock.now();
    await run.end();
    const copy = house.keepCopy();
    run = house.start();
    await run.unlock();
    await house.clock.advance(60_000);
    run.put('one', 'second');
    await between(() => house.putBack(copy));
    const [finding] = run.gaps.open()?.findings ?? [];
    expect(finding).toMatchObject({ kind: 'older_data', from: at, to: at + 60_000 });
    expect(finding?.kind === 'older_data' && finding.missing).toBeGreaterThan(0);
    refusesEverything();
    expect(run.audit.list({}).map(({ event }) => event)).toContain('state.gap_found');
    await between();
    refusesEverything();
    run.gaps.close({ kept: 0, ended: 2, suspended: 0 });
    expect(() => run.gaps.assertNone()).not.toThrow();
    await between();
    expect(run.gaps.open()).toBeUndefined();
    expect(() => run.gaps.close({ kept: 0, ended: 0, suspended: 0 })).toThrow();
  });

  test('one row that is older than it was', async () => {
    await run.end();
    house.edit(`CREATE TABLE aside.old AS SELECT * FROM settings WHERE id = 'one'`);
    run = house.start();
    await run.unlock();
    run.put('one', 'second');
    await between(() => house.edit(`DELETE FROM settings WHERE id = 'one'`, 'INSERT INTO settings SELECT * FROM aside.old'));
    expect(run.gaps.open()?.findings).toEqual([{ kind: 'row_put_back', table: 'settings', id: 'one' }]);
    refusesEverything();
  });

  test('a row that was removed and came back, and one that vanished', async () => {
    await run.end();
    house.edit(`CREATE TABLE aside.old AS SELECT * FROM settings WHERE id = 'one'`);
    run = house.start();
    await run.unlock();
    run.remove('one');
    await between(() => house.edit('INSERT INTO settings SELECT * FROM aside.old', `DELETE FROM settings WHERE id = 'two'`));
    expect(run.gaps.open()?.findings).toEqual([
      { kind: 'row_returned', table: 'settings', id: 'one' },
      { kind: 'row_vanished', table: 'settings', id: 'two' },
    ]);
  });

  test('entries cut off the end of the log, and a log that was written anew', async () => {
    await between(() => house.edit('DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)'));
    expect(run.gaps.open()?.findings).toEqual([{ kind: 'log_cut', missing: 1 }]);
    run.gaps.close({ kept: 0, ended: 0, suspended: 0 });
    await between(() => house.edit(`UPDATE audit SET hash = '${'a'.repeat(64)}' WHERE seq = (SELECT max(seq) FROM audit)`));
    expect(kinds()).toEqual(['log_rewritten']);
  });

  test('what was written while locked and cut off again, in the same run or in one that was never unlocked', async () => {
    await between();
    run.vault.lock();
    run.audit.record({ event: 'grant.revoked' });
    await between(() => house.edit(`DELETE FROM audit WHERE event = 'grant.revoked'`));
    expect(kinds()).toEqual(['log_cut']);
    run.gaps.close({ kept: 0, ended: 0, suspended: 0 });
    await run.end();
    run = house.start();
    run.audit.record({ event: 'agents.paused' });
    await between(() => house.edit(`DELETE FROM audit WHERE event = 'agents.paused'`));
    expect(kinds()).toEqual(['log_cut']);
  });

  test('what was written in the last seconds before the end', async () => {
    run.vault.lock();
    await run.stateHead.settle();
    run.audit.record({ event: 'approval.requested' });
    await between(() => house.edit(`DELETE FROM audit WHERE event = 'approval.requested'`));
    expect(kinds()).toEqual(['log_cut']);
  });

  test('a row from before a change that was made while locked, although its MAC is the one that was signed last', async () => {
    const keep = `CREATE TABLE aside.old AS SELECT * FROM settings WHERE id = 'one'`;
    const back = [`DELETE FROM settings WHERE id = 'one'`, 'INSERT INTO settings SELECT * FROM aside.old', 'DROP TABLE aside.old'];
    for (const change of [() => run.put('one', 'harmless'), () => run.remove('one')]) {
      await between();
      await run.end();
      house.edit(keep);
      run = house.start();
      change();
      await between(() => house.edit(...back));
      expect(run.gaps.open()?.findings).toEqual([{ kind: 'row_put_back', table: 'settings', id: 'one' }]);
      run.gaps.close({ kept: 0, ended: 0, suspended: 0 });
    }
  });

  test('entries since the last unlock that were edited, or put in', async () => {
    for (const [id, edit] of [
      ['one', `UPDATE audit SET entry = json_remove(entry, '$.rows') WHERE seq = (SELECT max(seq) FROM audit)`],
      ['two', `INSERT INTO audit (seq, ts, event, entry, previous_hash, hash) VALUES (9223372036854775807, '', '', '', '', '')`],
    ] as const) {
      await between();
      await run.end();
      run = house.start();
      run.put(id, 'harmless');
      await between(() => house.edit(edit));
      expect(kinds(), edit).toEqual(['log_rewritten']);
      run.gaps.close({ kept: 0, ended: 0, suspended: 0 });
      expect(run.audit.list({ limit: 1 })[0]?.seq).toBeLessThan(2 ** 40);
    }
  });

  test('what was cut off is not covered up by what is written while locked afterwards', async () => {
    run.vault.lock();
    run.audit.record({ event: 'grant.revoked' });
    await run.end();
    house.edit(`DELETE FROM audit WHERE event = 'grant.revoked'`);
    run = house.start();
    run.audit.record({ event: 'approval.denied' });
    await between();
    expect(kinds()).toEqual(['log_rewritten']);
  });

  test('a head or leaves that are not ours', async () => {
    for (const sql of [
      'DELETE FROM state_head',
      `UPDATE state_head SET body = replace(body, '"epoch":', '"epoch":9')`,
      `DELETE FROM state_leaves WHERE row_id = 'one'`,
      `UPDATE state_leaves SET mac = zeroblob(32) WHERE row_id = 'one'`,
    ]) {
      await between(() => house.edit(sql));
      expect(kinds(), sql).toContain('head_damaged');
      run.gaps.close({ kept: 0, ended: 0, suspended: 0 });
    }
  });

  test('head and copy both removed, which looks like a first unlock and is none', async () => {
    const item = headItem();
    await between(async () => {
      house.edit('DELETE FROM state_head', 'DELETE FROM state_leaves');
      await house.keychain.delete(item);
    });
    expect(kinds()).toEqual(['copy_missing', 'head_damaged']);
    refusesEverything();
  });

  test('what was found is not forgotten when it cannot be written down at once', async () => {
    await run.end();
    house.edit(`DELETE FROM settings WHERE id = 'two'`);
    run = house.start();
    // As when another program takes the lock of the database in that moment, or ends this one.
    const commit = vi.spyOn(run.audit, 'commit').mockImplementation(() => {
      throw new Refusal('store_failed', 'busy');
    });
    await expect(run.unlock()).rejects.toThrow('busy');
    commit.mockRestore();
    expect(run.vault.state()).toBe('locked');
    await between();
    expect(run.gaps.open()?.findings).toEqual([{ kind: 'row_vanished', table: 'settings', id: 'two' }]);
    refusesEverything();
  });

  test('a copy that is missing or not ours', async () => {
    const item = headItem();
    await between(() => house.keychain.delete(item));
    expect(kinds()).toEqual(['copy_missing']);
    run.gaps.close({ kept: 0, ended: 0, suspended: 0 });
    for (const text of ['{}', 'no JSON', JSON.stringify({ body: '{"epoch":1}', mac: 'AAAA' })]) {
      await between(() => house.keychain.set(item, Buffer.from(text)));
      expect(kinds(), text).toEqual(['copy_damaged']);
      run.gaps.close({ kept: 0, ended: 0, suspended: 0 });
    }
  });

  test('an open question that somebody made unreadable stays open', async () => {
    await between(() => house.edit(`DELETE FROM settings WHERE id = 'two'`));
    expect(kinds()).toEqual(['row_vanished']);
    await between(() => house.edit(`UPDATE settings SET mac = NULL, body = '{"open":false}' WHERE id = 'state-gap'`));
    refusesEverything();
    await between(() => house.edit(`DELETE FROM settings WHERE id = 'state-gap'`));
    refusesEverything();
  });
});

describe('data that another program writes while this one runs (security rule 8)', () => {
  const refused = (): void =>
    expect(() => run.things.find('one')).toThrow(expect.toSatisfy((error: unknown) => isRefusal(error, 'row_tampered')));

  test('an older row that this run has not read is not used, and so does not become the newest', async () => {
    await run.end();
    house.edit(`CREATE TABLE aside.old AS SELECT * FROM settings WHERE id = 'one'`);
    run = house.start();
    await run.unlock();
    run.put('one', 'second');
    await between();
    house.edit(`DELETE FROM settings WHERE id = 'one'`, 'INSERT INTO settings SELECT * FROM aside.old');
    refused();
    await between();
    expect(run.gaps.open()?.findings).toEqual([{ kind: 'row_put_back', table: 'settings', id: 'one' }]);
  });

  test('nor is one that was removed in an earlier run, nor the absence of one', async () => {
    await run.end();
    house.edit(`CREATE TABLE aside.old AS SELECT * FROM settings WHERE id = 'one'`);
    run = house.start();
    await run.unlock();
    run.remove('one');
    await between();
    house.edit('INSERT INTO settings SELECT * FROM aside.old');
    refused();
    house.edit(`DELETE FROM settings WHERE id = 'one'`);
    run.put('one', 'anew');
    await between();
    house.edit(`DELETE FROM settings WHERE id = 'one'`);
    refused();
  });

  test('a trigger that undoes each change in its own transaction', async () => {
    house.edit(`CREATE TRIGGER undo AFTER UPDATE ON settings BEGIN
      UPDATE settings SET body = old.body, version = old.version, mac = old.mac WHERE id = new.id; END`);
    run.put('one', 'second');
    refused();
  });
});

describe('the copy in the keychain', () => {
  const copiedEpoch = async (): Promise<number> => {
    await new Promise(setImmediate);
    const bytes = await house.keychain.get(headItem());
    const { body } = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as { body: string };
    return (JSON.parse(body) as { epoch: number }).epoch;
  };

  test('is renewed at once when authority is taken away, and otherwise at most every five seconds', async () => {
    await run.stateHead.settle();
    const before = await copiedEpoch();
    run.put('one', 'second');
    run.put('one', 'third');
    expect(await copiedEpoch()).toBe(before);
    await house.clock.advance(5_000);
    const later = await copiedEpoch();
    expect(later).toBeGreaterThan(before);
    run.audit.record({ event: 'grant.revoked' });
    expect(await copiedEpoch()).toBeGreaterThan(later);
  });

  test('a keychain that does not take it stops nothing', async () => {
    house.faults.onSet = () => {
      throw new Error('full');
    };
    run.audit.record({ event: 'grant.revoked' });
    await run.stateHead.settle();
    house.faults.onSet = undefined;
    run.put('one', 'second');
    await between();
    expect(kinds()).toEqual([]);
  });

  test('a keychain that cannot be read keeps the vault locked', async () => {
    const item = headItem();
    await run.end();
    house.faults.onGet = (name) => {
      if (name === item) throw new Error('asleep');
    };
    run = house.start();
    await expect(run.unlock()).rejects.toThrow('asleep');
    expect(run.vault.state()).toBe('locked');
    house.faults.onGet = undefined;
    await run.unlock();
    expect(kinds()).toEqual([]);
  });
});

test('nothing that decides is written while the state is still being compared', async () => {
  let tried: unknown;
  await run.end();
  run = house.start();
  house.faults.onGet = (name) => {
    if (!name.startsWith('head/')) return;
    try {
      run.put('one', 'too early');
    } catch (error) {
      tried = error;
    }
  };
  await run.unlock();
  expect(isRefusal(tried, 'vault_locked')).toBe(true);
  expect(run.things.find('one')?.value).toEqual({ name: 'first' });
});
