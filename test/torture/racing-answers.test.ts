import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { goal } from './goal.ts';
import { type Act, RaceModel } from './racing/race-model.ts';
import { openRace } from './racing/racing-clients.ts';

const by = fc.nat(7);
const at = fc.nat(3);
const lifetime = fc.constantFrom('once' as const, '15m' as const);
const of = <const Kind extends string>(kind: Kind) => fc.record({ kind: fc.constant(kind), by, at });
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ask' as const), seconds: fc.constantFrom(5, 60, 300) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('look' as const), by, at, lifetime }) },
  { weight: 10, arbitrary: of('approve') },
  { weight: 2, arbitrary: of('deny') },
  { weight: 1, arbitrary: of('cancel') },
  { weight: 2, arbitrary: of('revoke') },
  { weight: 4, arbitrary: of('use') },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('revoke everything' as const, 'expire' as const), by }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, 5, 60, 300, 900) }) },
);

/** What happens, in order; an act with `before` comes just before the next change of the one after it. */
class Step implements fc.AsyncCommand<object, RaceModel> {
  readonly act: Act;
  readonly before: boolean;
  constructor(one: Act, before: boolean) {
    this.act = one;
    this.before = before;
  }

  check(): boolean {
    return true;
  }

  async run(_model: object, real: RaceModel): Promise<void> {
    if (this.before) real.intrude(this.act);
    else await real.run(this.act);
  }

  toString(): string {
    return `${this.before ? 'just before: ' : ''}${JSON.stringify(this.act)}`;
  }
}

test('of approving, denying, cancelling, expiring and revoking by up to eight clients at once exactly one state is final, with one grant and one receipt (goal R4)', async () => {
  const { count, seed, report } = goal('R4', 10_000);
  const steps = fc.commands([fc.tuple(act, fc.boolean()).map(([one, before]) => new Step(one, before))], {
    maxCommands: 40,
    size: 'max',
  });
  let requests = 0;
  let grants = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const race = await openRace();
      try {
        const model = new RaceModel(race);
        await model.run({ kind: 'ask', seconds: 300 });
        await fc.asyncModelRun(() => ({ model: {}, real: model }), plan);
        const settled = await model.settle();
        requests += model.requests.length;
        grants += settled.grants;
      } finally {
        await race.close();
      }
    }),
    { numRuns: count, seed },
  );
  report(
    `one final state each, ${requests.toLocaleString('en')} requests, ${grants.toLocaleString('en')} grants with one receipt each`,
  );
  expect(grants).toBeGreaterThan(0);
});
