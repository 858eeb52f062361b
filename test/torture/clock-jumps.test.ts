import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newKey } from '../authserver/support/stock-agent.ts';
import { type CoreInTime, openCoreInTime } from './clock/core-in-time.ts';
import { goal } from './goal.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

type Step = readonly [name: string, run: (core: CoreInTime) => unknown];

const some = (name: string, lengths: readonly number[], run: (core: CoreInTime, ms: number) => unknown): fc.Arbitrary<Step> =>
  fc.constantFrom(...lengths).map((ms) => [`${name} ${ms / second} s`, (core) => run(core, ms)]);
const once = (name: string, run: (core: CoreInTime) => unknown): fc.Arbitrary<Step> => fc.constant([name, run]);

const offs = [second, minute, 10 * minute, 3 * hour];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: some('run', [second, 20 * second, 61 * second, 6 * minute], (core, ms) => core.run(ms)) },
  { weight: 2, arbitrary: some('sleep', [second, 61 * second, 10 * minute, 8 * hour], (core, ms) => core.sleep(ms)) },
  {
    weight: 3,
    arbitrary: some('set back', [second, 3 * second, minute, 10 * minute, hour, 26 * hour], (core, ms) => core.set(-ms)),
  },
  { weight: 2, arbitrary: some('set ahead', [second, minute, hour, 26 * hour], (core, ms) => core.set(ms)) },
  { weight: 1, arbitrary: some('off, clock right', offs, (core, ms) => core.restart(ms, 'right')) },
  { weight: 1, arbitrary: some('off, clock ahead', offs, (core, ms) => core.restart(ms, 'ahead')) },
  { weight: 1, arbitrary: some('off, clock behind', offs, (core, ms) => core.restart(ms, 'behind')) },
  { weight: 1, arbitrary: once('lock and unlock', (core) => core.lockAndUnlock()) },
  { weight: 3, arbitrary: some('grant', [30 * second, 5 * minute, 2 * hour, 48 * hour], (core, ms) => core.grant(ms)) },
  { weight: 2, arbitrary: some('ask', [30 * second, 5 * minute], (core, ms) => core.ask(ms)) },
  { weight: 3, arbitrary: once('token', (core) => core.token()) },
  { weight: 3, arbitrary: once('nonce', (core) => core.nonce()) },
);

test('no grant, request, token, nonce or proof outlives its end, whatever is done to the clock of the machine (goal R3)', async () => {
  const { count, seed, report } = goal('R3', 1_000);
  const key = await newKey();
  let looks = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30, size: 'max' }), async (steps) => {
      const core = await openCoreInTime(key);
      try {
        for (const [index, [, run]] of steps.entries()) {
          await run(core);
          looks += 1;
          const late = await core.findLate();
          expect(
            late,
            steps
              .slice(0, index + 1)
              .map(([done]) => done)
              .join(', '),
          ).toEqual([]);
        }
      } finally {
        await core.stop();
      }
    }),
    { numRuns: count, seed },
  );
  expect(looks).toBeGreaterThan(count);
  report(`0 outlived their end, in ${looks.toLocaleString('en')} looks`);
});
