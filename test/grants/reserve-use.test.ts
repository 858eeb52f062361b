import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAudit } from '../../src/audit/audit.ts';
import { createGrants } from '../../src/grants/grants.ts';
import type { Durability, Store } from '../../src/store/store.ts';
import { type OpenGrants, openGrants } from './open-grants.ts';

let open: OpenGrants;
beforeEach(async () => {
  open = await openGrants();
});
afterEach(() => open.keep.close());

const codeOf = (error: unknown) => (error as { code?: string }).code;

/** A store that lets somebody else in between reading and committing. */
function interleaved(store: Store, before: (durability: Durability | undefined) => void): Store {
  return {
    ...store,
    file: store.file,
    first: (sql, ...values) => store.first(sql, ...values),
    all: (sql, ...values) => store.all(sql, ...values),
    close: () => store.close(),
    commit(change, durability) {
      before(durability);
      store.commit(change, durability);
    },
  };
}

describe('taking a use', () => {
  test('of 50 parallel calls on "once" exactly one gets it (security rule 28)', async () => {
    const { grants, keep, create } = open;
    const id = create({ usesAllowed: 1 });
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, async () => grants.reserveUse(id, [{ event: 'call.forwarded', grantId: id }])),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [codeOf(result.reason)] : []));
    expect(new Set(codes)).toEqual(new Set(['grant_used_up']));
    expect(keep.events().filter((event) => event === 'call.forwarded')).toHaveLength(1);
  });

  test('a counted use waits for the disk, one of any number does not (security rule 28)', () => {
    const { keep, create } = open;
    const waited: (Durability | undefined)[] = [];
    const store = interleaved(keep.store, (durability) => waited.push(durability));
    const grants = createGrants({ ...keep, store, audit: createAudit({ ...keep, store }) });
    grants.reserveUse(create({ usesAllowed: 1 }), []);
    grants.reserveUse(create({}), []);
    expect(waited).toEqual(['power-loss', 'process-end']);
  });

  test('a second writer between reading and writing does not make two uses of one (security rule 28)', () => {
    const { grants, keep, create } = open;
    const id = create({ usesAllowed: 1 });
    let rivals = 1;
    const store = interleaved(keep.store, () => {
      if (rivals-- > 0) grants.reserveUse(id, []);
    });
    const late = createGrants({ ...keep, store, audit: createAudit({ ...keep, store }) });
    expect(() => late.reserveUse(id, [])).toThrow(expect.objectContaining({ code: 'grant_used_up' }));
    expect(grants.find(id)?.usesReserved).toBe(1);
  });

  test('losing a race for a grant with uses left is tried again, and both count', () => {
    const { grants, keep, create } = open;
    const id = create({ usesAllowed: 2 });
    let rivals = 1;
    const store = interleaved(keep.store, () => {
      if (rivals-- > 0) grants.reserveUse(id, []);
    });
    const late = createGrants({ ...keep, store, audit: createAudit({ ...keep, store }) });
    expect(late.reserveUse(id, []).usesReserved).toBe(2);
  });

  test('a race that is lost again and again ends as a conflict, not in a loop', () => {
    const { grants, keep, create } = open;
    const id = create();
    const store = interleaved(keep.store, () => grants.reserveUse(id, []));
    const late = createGrants({ ...keep, store, audit: createAudit({ ...keep, store }) });
    expect(() => late.reserveUse(id, [])).toThrow(expect.objectContaining({ code: 'conflict' }));
    expect(grants.find(id)?.usesReserved).toBe(5);
  });

  test('is on disk before it returns, and a restart does not give it back', async () => {
    const { grants, keep, create } = open;
    const id = create({ usesAllowed: 1 });
    grants.reserveUse(id, []);
    const again = await keep.restart();
    const later = createGrants(again);
    await again.unlock();
    expect(() => later.getLive(id)).toThrow(expect.objectContaining({ code: 'grant_used_up' }));
  });

  test('a use that was not sent can be given back once, and taken again', () => {
    const { grants, create } = open;
    const id = create({ usesAllowed: 1 });
    grants.reserveUse(id, []);
    grants.returnUse(id, []);
    grants.returnUse(id, []);
    expect(grants.find(id)?.usesReserved).toBe(0);
    expect(grants.reserveUse(id, []).usesReserved).toBe(1);
  });

  test('a grant without a limit counts and never runs out', () => {
    const { grants, keep, create } = open;
    const id = create();
    for (let use = 0; use < 20; use += 1) grants.reserveUse(id, []);
    expect(grants.getLive(id)).toMatchObject({ usesReserved: 20, lastUsedAt: keep.clock.now() });
  });
});
