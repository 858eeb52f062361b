import { beforeAll, expect, test } from 'vitest';
import { goal } from './goal.ts';
import { openBenchOfKills } from './killed/bench-of-kills.ts';
import { buildCore } from './killed/build-core.ts';
import { countOf } from './killed/ledger.ts';

/** Rounds on one data folder: what was told long ago is looked for again, and checking does not take the time of the kills. */
const roundsOfOneFolder = 25;
const folders = 2;

let bundle: string;
beforeAll(async () => {
  bundle = await buildCore();
});

test('a core that is killed under load at any moment keeps all that it told anybody, and nothing else (goal R1)', async () => {
  const { count, random, report } = goal('R1', 10_000);
  const wrong: string[] = [];
  let left = count;
  let told = 0;
  const workFolder = async (rounds: number): Promise<void> => {
    const bench = await openBenchOfKills(bundle, random);
    try {
      for (let round = 0; round < rounds; round += 1) {
        const found = await bench.round(random);
        for (const [kind, list] of Object.entries(found)) {
          wrong.push(...(list as readonly string[]).map((what) => `${kind}: ${what}`));
        }
        if (wrong.length > 0) break;
      }
      wrong.push(...bench.ledger.surprises);
      told += countOf(bench.ledger);
    } finally {
      await bench.close();
    }
  };
  const work = async (): Promise<void> => {
    while (left > 0 && wrong.length === 0) {
      const rounds = Math.min(left, roundsOfOneFolder);
      left -= rounds;
      await workFolder(rounds);
    }
  };
  await Promise.all(Array.from({ length: folders }, work));
  report(`${wrong.length} lost, corrupt or done by half, of ${told.toLocaleString('en')} things that clients had been told`);
  expect(wrong).toEqual([]);
});
