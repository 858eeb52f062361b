import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditEventNames } from '../../src/audit/audit.ts';
import { isRefusal } from '../../src/base/errors.ts';
import type { SqlValue } from '../../src/store/store.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';

let keep: Keep;
beforeEach(async () => {
  keep = await openKeep({ vault: 'absent' });
});
afterEach(() => keep.close());

const run = (sql: string, ...values: SqlValue[]) => keep.store.commit([{ sql, values, mustChangeOne: true }]);
const keepMeta = (key: string) => ({
  sql: 'INSERT INTO meta (key, value) VALUES (?, ?)',
  values: [key, Buffer.of(1)],
  mustChangeOne: true,
});

function recordFive(): void {
  keep.audit.record(
    { event: 'agent.registered', agentId: 'agent_1' },
    { event: 'agent.accepted', agentId: 'agent_1', approver: 'user' },
  );
  keep.audit.record({ event: 'grant.created', grantId: 'grant_1', agentId: 'agent_1', approvalId: 'appr_1' });
  keep.audit.record({ event: 'call.forwarded', grantId: 'grant_1', facts: { status: 200, method: 'GET' } });
  keep.audit.record({ event: 'grant.revoked', grantId: 'grant_1' });
}

describe('the chain', () => {
  test('each hash is SHA-256 over the previous one and the JCS text of the entry, beginning with zeroes', () => {
    recordFive();
    let previous = Buffer.alloc(32);
    for (const { hash, previousHash, ...entry } of [...keep.audit.list({})].reverse()) {
      expect(previousHash).toBe(previous.toString('hex'));
      previous = createHash('sha256')
        .update(previous)
        .update(canonicalize(entry) ?? '')
        .digest();
      expect(hash).toBe(previous.toString('hex'));
    }
    expect(keep.audit.verify()).toEqual({ intact: true, count: 5, head: previous.toString('hex') });
  });

  test('an empty log is intact', () => {
    expect(keep.audit.verify()).toEqual({ intact: true, count: 0, head: '0'.repeat(64) });
  });

  const edits: Readonly<Record<string, { readonly edit: () => void; readonly brokenAt: number }>> = {
    'an edited entry': { edit: () => run(`UPDATE audit SET entry = replace(entry, '200', '403') WHERE seq = 4`), brokenAt: 4 },
    'an entry that is no JSON any more': { edit: () => run("UPDATE audit SET entry = 'x' WHERE seq = 4"), brokenAt: 4 },
    'a deleted entry': { edit: () => run('DELETE FROM audit WHERE seq = 2'), brokenAt: 2 },
    'a deleted first entry': { edit: () => run('DELETE FROM audit WHERE seq = 1'), brokenAt: 1 },
    'a renumbered log after a deletion': {
      edit: () => {
        run('DELETE FROM audit WHERE seq = 2');
        for (const seq of [3, 4, 5]) run('UPDATE audit SET seq = ? WHERE seq = ?', seq - 1, seq);
      },
      brokenAt: 2,
    },
    'two entries in exchanged places': {
      edit: () => {
        for (const [from, to] of [
          [2, 99],
          [3, 2],
          [99, 3],
        ] as const)
          run('UPDATE audit SET seq = ? WHERE seq = ?', to, from);
      },
      brokenAt: 2,
    },
    'an edited hash': { edit: () => run('UPDATE audit SET hash = ? WHERE seq = 3', '0'.repeat(64)), brokenAt: 3 },
    'an edited previous hash': { edit: () => run('UPDATE audit SET previous_hash = ? WHERE seq = 3', '0'.repeat(64)), brokenAt: 3 },
  };
  for (const [name, { edit, brokenAt }] of Object.entries(edits)) {
    test(`finds ${name}`, () => {
      recordFive();
      edit();
      expect(keep.audit.verify()).toMatchObject({ intact: false, brokenAt });
    });
  }

  for (const column of ['ts', 'event', 'agent_id', 'approval_id', 'grant_id']) {
    test(`finds an edit of the column ${column}, which is outside the hash`, () => {
      recordFive();
      run(`UPDATE audit SET ${column} = 'other' WHERE seq = 3`);
      expect(keep.audit.verify()).toMatchObject({ intact: false, brokenAt: 3 });
    });
  }

  test('finds an edit whose own hash was computed again', () => {
    recordFive();
    const row = keep.store.first<{ entry: string; previous_hash: string }>('SELECT * FROM audit WHERE seq = 4');
    const entry = row?.entry.replace('200', '403') ?? '';
    const hash = createHash('sha256')
      .update(Buffer.from(row?.previous_hash ?? '', 'hex'))
      .update(entry)
      .digest('hex');
    run('UPDATE audit SET entry = ?, hash = ? WHERE seq = 4', entry, hash);
    expect(keep.audit.verify()).toMatchObject({ intact: false, brokenAt: 5 });
  });

  test('entries cut off at the end are not found: that needs a copy of the head elsewhere, and we say so', () => {
    recordFive();
    run('DELETE FROM audit WHERE seq = 5');
    expect(keep.audit.verify()).toMatchObject({ intact: true, count: 4 });
  });

  test('a refused change writes no event and tells nobody', () => {
    keep.audit.commit([keepMeta('a')], [{ event: 'settings.changed' }]);
    const refuse = () => keep.audit.commit([keepMeta('b'), keepMeta('a')], [{ event: 'settings.changed' }]);
    expect(refuse).toThrow(expect.toSatisfy((error: unknown) => isRefusal(error, 'conflict')));
    expect(keep.events()).toEqual(['settings.changed']);
    expect(keep.notices).toEqual([{ topic: 'audit' }]);
  });

  test('an event that cannot be written refuses the change', () => {
    keep.store.commit([{ sql: "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'full'); END", values: [] }]);
    const refuse = () => keep.audit.commit([keepMeta('a')], [{ event: 'settings.changed' }]);
    expect(refuse).toThrow(expect.toSatisfy((error: unknown) => isRefusal(error, 'store_failed')));
    expect(keep.store.all('SELECT key FROM meta')).toEqual([]);
  });

  test('100 commits at the same time stay without a gap', async () => {
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        await Promise.resolve();
        keep.audit.commit([keepMeta(`key ${index}`)], [{ event: 'settings.changed', facts: { index } }, { event: 'token.issued' }]);
      }),
    );
    expect(keep.audit.verify()).toMatchObject({ intact: true, count: 200 });
    expect(keep.audit.list({ limit: 200 }).map(({ seq }) => seq)).toEqual(Array.from({ length: 200 }, (_, index) => 200 - index));
  });

  test('the chain goes on after a restart', async () => {
    recordFive();
    keep = await keep.restart();
    keep.audit.record({ event: 'vault.unlocked' });
    expect(keep.audit.verify()).toMatchObject({ intact: true, count: 6 });
  });

  test('a change without events is committed and not told as one', () => {
    keep.audit.commit([keepMeta('a')], []);
    expect(keep.notices).toEqual([]);
    expect(keep.audit.verify().count).toBe(0);
  });

  test('text that is not well-formed is kept as far as it is, and does not stop the record', () => {
    keep.audit.record({ event: 'call.refused', facts: { path: '/a\uD800b' } });
    expect(keep.audit.list({})[0]?.facts).toEqual({ path: '/a\uFFFDb' });
    expect(keep.audit.verify().intact).toBe(true);
  });

  test('every name of an event can be recorded', () => {
    keep.audit.record(...auditEventNames.map((event) => ({ event })));
    expect(keep.audit.verify()).toMatchObject({ intact: true, count: auditEventNames.length });
  });
});

describe('an entry that another program planted', () => {
  const plant = (seq: string): void =>
    run(`INSERT INTO audit (seq, ts, event, entry, previous_hash, hash) VALUES (${seq}, '', 'planted', '', '', '')`);

  test.each(['9223372036854775807', '9007199254740993', '1099612676352'])(
    'far ahead (%s) keeps nothing from being written, and goes with an entry that says so',
    async (seq) => {
      recordFive();
      plant(seq);
      keep.audit.record({ event: 'grant.revoked' });
      plant(seq);
      keep.audit.record({ event: 'grant.revoked' });
      expect(keep.events().slice(5)).toEqual(['row.tampered', 'grant.revoked', 'row.tampered', 'grant.revoked']);
      expect(keep.audit.verify().intact).toBe(true);
      plant(seq);
      keep = await keep.restart();
      keep.audit.record({ event: 'grant.revoked' });
      expect(keep.audit.verify()).toMatchObject({ intact: true, count: 11 });
    },
  );

  test('next to ours keeps nothing from being written, and is found', () => {
    recordFive();
    plant('6');
    keep.audit.record({ event: 'grant.revoked' });
    expect(keep.events().slice(5)).toEqual(['planted', 'grant.revoked']);
    expect(keep.audit.verify()).toMatchObject({ intact: false, brokenAt: 6 });
  });
});
