import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asId } from '../../src/base/ids.ts';
import { createGrants } from '../../src/grants/grants.ts';
import { type OpenGrants, openGrants } from './open-grants.ts';

let open: OpenGrants;
beforeEach(async () => {
  open = await openGrants();
});
afterEach(() => open.keep.close());

const refuses = (code: string): unknown => expect.objectContaining({ code });

describe('a grant in force', () => {
  test('is found, listed and live until its end', () => {
    const { grants, keep, create } = open;
    const id = create();
    expect(grants.getLive(id)).toMatchObject({ id, usesReserved: 0, createdAt: keep.clock.now() });
    expect(grants.list({ live: true }).map((grant) => grant.id)).toEqual([id]);
    expect(grants.list({ agentId: asId('another') })).toEqual([]);
    expect(keep.events()).toContain('grant.created');
  });

  test('ends at its absolute end, and a clock that is set back does not bring it to life', () => {
    const { grants, keep, create } = open;
    const id = create();
    keep.clock.set(keep.clock.now() + 60_000);
    expect(() => grants.getLive(id)).toThrow(refuses('grant_expired'));
    keep.clock.set(keep.clock.now() - 50_000);
    expect(() => grants.getLive(id)).toThrow(refuses('grant_expired'));
    expect(() => grants.reserveUse(id, [])).toThrow(refuses('grant_expired'));
    expect(grants.find(id)).toMatchObject({ endedBy: 'expired' });
    expect(keep.events().filter((event) => event === 'grant.expired')).toHaveLength(1);
  });

  test('a grant that does not exist is not found', () => {
    expect(open.grants.find(asId('none'))).toBeUndefined();
    expect(() => open.grants.getLive(asId('none'))).toThrow(refuses('not_found'));
    expect(() => open.grants.end(asId('none'), 'revoked')).toThrow(refuses('not_found'));
  });
});

describe('ending', () => {
  test('is told once, publishes a notice and refuses every later use', () => {
    const { grants, keep, create } = open;
    const id = create();
    expect(grants.end(id, 'revoked')).toBe(true);
    expect(() => grants.getLive(id)).toThrow(refuses('grant_revoked'));
    expect(() => grants.reserveUse(id, [])).toThrow(refuses('grant_revoked'));
    expect(() => grants.pinKey(id, 'jkt')).toThrow(refuses('grant_revoked'));
    expect(keep.notices).toContainEqual({ topic: 'grants', id });
    expect(grants.list({ live: true })).toEqual([]);
    expect(grants.list({ live: false })).toHaveLength(1);
  });

  test('happens once: the first reason stays', () => {
    const { grants, keep, create } = open;
    const id = create();
    grants.end(id, 'revoked');
    const { endedAt } = grants.find(id)!;
    keep.clock.set(keep.clock.now() + 90_000);
    expect(grants.end(id, 'expired')).toBe(false);
    expect(grants.endExpired()).toEqual([]);
    expect(grants.find(id)).toMatchObject({ endedBy: 'revoked', endedAt });
  });

  test('a use that is given back after the end does not un-end it', () => {
    const { grants, create } = open;
    const id = create({ usesAllowed: 1 });
    grants.reserveUse(id, []);
    grants.end(id, 'used_up');
    grants.returnUse(id, []);
    expect(() => grants.getLive(id)).toThrow(refuses('grant_used_up'));
  });

  test('every grant whose time is over is ended and told of', () => {
    const { grants, keep, create } = open;
    const due = [create(), create()];
    create({ expiresAt: keep.clock.now() + 120_000 });
    keep.clock.set(keep.clock.now() + 60_000);
    expect(grants.endExpired().toSorted()).toEqual(due.toSorted());
    expect(grants.list({ live: true })).toHaveLength(1);
  });

  test('works while locked, and is believed at unlock', async () => {
    const { grants, keep, create } = open;
    const id = create();
    keep.vault.lock();
    expect(grants.end(id, 'revoked')).toBe(true);
    await keep.unlock();
    expect(() => grants.getLive(id)).toThrow(refuses('grant_revoked'));
  });
});

describe('the row', () => {
  test.each([
    ['a wider body', "UPDATE grants SET body = json_set(body, '$.expiresAt', 9999999999999), expires_at = 9999999999999"],
    ['a column', 'UPDATE grants SET live = 0'],
    ['the MAC', 'UPDATE grants SET mac = NULL'],
  ])('is refused and reported after a change of %s (security rule 3)', async (_what, sql) => {
    const { grants, keep, create } = open;
    const id = create();
    keep.store.commit([{ sql, values: [] }]);
    expect(() => grants.getLive(id)).toThrow(refuses('row_tampered'));
    expect(grants.list()).toEqual([]);
    keep.vault.lock();
    await keep.unlock();
    expect(keep.events()).toContain('row.tampered');
  });

  test('a live grant that was written while locked grants nothing after unlock (security rule 23)', async () => {
    const { keep, create } = open;
    keep.vault.lock();
    const id = create();
    const grants = createGrants(keep);
    await keep.unlock();
    expect(() => grants.getLive(id)).toThrow(refuses('row_tampered'));
  });
});

describe('the key of the agent', () => {
  test('is pinned once and no other is taken', () => {
    const { grants, create } = open;
    const id = create();
    expect(grants.pinKey(id, 'first').agentJkt).toBe('first');
    expect(grants.pinKey(id, 'first').agentJkt).toBe('first');
    expect(() => grants.pinKey(id, 'second')).toThrow(refuses('key_mismatch'));
  });
});
