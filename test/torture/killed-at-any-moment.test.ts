import { beforeAll, expect, test } from 'vitest';
import { goal } from './goal.ts';
import { openBenchOfKills } from './killed/bench-of-kills.ts';
import { buildCore } from './killed/build-core.ts';
import { countOf } from './killed/ledger.ts';

/** On one data folder: what was told long ago is looked for again, and checking does not take the time of the kills. */
const momentsOfOneFolder = 250;
const folders = 2;

let bundle: string;
beforeAll(async () => {
  bundle = await buildCore();
});

test('a core that is killed under load at any moment keeps all that it told anybody, and nothing else (goal R1)', async () => {
  const { count, random, report } = goal('R1', 10_000);
  const wrong: string[] = [];
  let moments = 0;
  let kills = 0;
  let told = 0;
  const workFolder = async (): Promise<void> => {
    const bench = await openBenchOfKills(bundle, random);
    try {
      for (let here = 0; here < momentsOfOneFolder && moments < count && wrong.length === 0; ) {
        const round = await bench.round(random);
        wrong.push(...round.wrong, ...bench.ledger.surprises);
        here += round.moments;
        moments += round.moments;
        kills += 1;
      }
      told += countOf(bench.ledger);
    } finally {
      await bench.close();
    }
  };
  const work = async (): Promise<void> => {
    while (moments < count && wrong.length === 0) await workFolder();
  };
  await Promise.all(Array.from({ length: folders }, work));
  report(
    `${wrong.length} lost, corrupt or done by half, of ${told.toLocaleString('en')} things that clients had been told; ${kills} kills, the other moments held still`,
  );
  expect(wrong).toEqual([]);
});
