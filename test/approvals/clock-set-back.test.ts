import { afterEach, beforeEach, expect, test } from 'vitest';
import { endAfterSetBack } from '../../src/approvals/approvals.ts';
import { createSteadyClock, type SteadyClock } from '../../src/base/steady-clock.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { type OpenApprovals, openApprovals } from './open-approvals.ts';

const hour = 3_600_000;
let machine: FakeClock;
let clock: SteadyClock;
let open: OpenApprovals;

beforeEach(async () => {
  machine = createFakeClock();
  clock = createSteadyClock(machine);
  open = await openApprovals({ clock: { ...machine, ...clock } });
});
afterEach(() => open.close());

const look = (): void => endAfterSetBack(clock, { ...open, audit: open.keep.audit });

function grant(lifetime: 'once' | '15m' | '1h') {
  const { id } = open.ask();
  const { grantId } = open.approvals.approve(open.decide(id, { lifetime }));
  if (grantId === undefined) throw new Error('no grant');
  return grantId;
}

test('a clock that was set back ends every grant, also one that was over and not yet marked so (goal R3)', () => {
  const over = grant('15m');
  machine.set(machine.now() + hour / 2);
  const live = grant('1h');
  machine.set(machine.now() - 2 * hour);
  look();
  expect(clock.now()).toBe(machine.now());
  for (const id of [over, live]) {
    expect(() => open.grants.getLive(id)).toThrow(/time of this grant is over/);
    expect(open.grants.find(id)?.endedBy).toBe('expired');
  }
});

test('a clock that was set back withdraws what waits, and leaves what was over expired (goal R3)', () => {
  const over = open.ask({ expiresAt: clock.now() + 60_000 });
  const waiting = open.ask({ expiresAt: clock.now() + 300_000 });
  machine.set(machine.now() + 2 * 60_000);
  machine.set(machine.now() - hour);
  look();
  expect([over, waiting].map(({ id }) => open.approvals.find(id)?.state)).toEqual(['expired', 'cancelled']);
});

test('the log says by how much, and how many grants ended', () => {
  grant('1h');
  machine.set(machine.now() - hour);
  look();
  look();
  const told = open.keep.audit.list({ limit: 200 }).filter(({ event }) => event === 'clock.set_back');
  expect(told.map(({ facts }) => facts)).toEqual([{ seconds: 3600, grants: 1 }]);
});

test('a leap ahead, a sleep and a small correction end nothing that is not over', () => {
  const id = grant('1h');
  for (const step of [60_000, -1_000, 10 * 60_000]) {
    machine.set(machine.now() + step);
    look();
  }
  expect(open.grants.getLive(id).id).toBe(id);
  expect(open.keep.events()).not.toContain('clock.set_back');
});

test('while what must end cannot be written, the time before goes on', () => {
  const id = grant('15m');
  machine.set(machine.now() - hour);
  open.keep.store.close();
  expect(look).toThrow();
  expect(clock.setBackBy()).toBe(hour);
  expect(id).toBeTruthy();
});
