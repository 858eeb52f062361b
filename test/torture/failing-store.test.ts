import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FailingStore, type Fault, failing } from './failing/failing-store.ts';
import { operations } from './failing/operations.ts';
import { expectWhole, openWorldOfFaults, type WorldOfFaults } from './failing/world-of-faults.ts';
import { goal } from './goal.ts';

let world: WorldOfFaults;
let faults: FailingStore;
beforeAll(async () => {
  world = await openWorldOfFaults();
  faults = failing(world.running.store);
});
afterAll(() => world.close());

const kinds: readonly Fault[] = ['before', 'within', 'full'];
/** No operation has more commits; one that had would be wrong in another way. */
const commitsAtMost = 12;
const all = Object.entries(operations);
const { report } = goal('R2', all.length, all.length);
let tried = 0;
const wentOn: string[] = [];

test.each(all)(
  'when the store fails while %s: a clear error, no token without its entry, and it goes on when the fault is gone (goal R2)',
  async (name, operation) => {
    for (const fault of kinds) {
      for (let nth = 1; nth <= commitsAtMost; nth += 1) {
        await world.settle();
        const act = await operation(world);
        faults.failFrom(nth, fault);
        const outcome = await act().catch((error: unknown) => `not a refusal: ${String(error)}`);
        const failed = faults.heal();
        const where = `${name}, ${fault} commit ${nth}: ${outcome}`;
        if (failed === 0) {
          expect(outcome, where).toBe('ok');
          break;
        }
        tried += 1;
        expectWhole(world, outcome, where);
      }
      await world.settle();
      expect(await (await operation(world))(), `${name} after ${fault}`).toBe('ok');
    }
    wentOn.push(name);
  },
);

test('every operation was tried', () => {
  expect(wentOn).toEqual(all.map(([name]) => name));
  report(`${tried} commits failed in three ways; 0 tokens without their entry or by half; ${wentOn.length} operations went on`);
});
