import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBareWorld } from './bare-world.ts';
import { titleOf } from './case.ts';
import { allCases } from './cases.ts';
import { differences } from './differences.ts';
import { outcomeOf } from './draft.ts';
import type { World } from './world.ts';

let bare: World;

beforeAll(async () => {
  bare = await openBareWorld();
});

afterAll(() => bare.close());

const compared = allCases.filter(({ base }) => base.oursOnly !== true);

test('a bare oidc-provider answers each case as we do, or the difference is explained (goal S1)', async () => {
  for (const base of new Set(compared.map((one) => one.base))) {
    const answer = await bare.send(await base.make(bare));
    expect(`${base.name}: ${outcomeOf(answer)} ${JSON.stringify(answer.body)}`).toContain(`${base.name}: ${base.served}`);
  }
  const unexplained: string[] = [];
  const seen = new Set<string>();
  for (const one of compared) {
    const answer = await bare.send(one.change(bare)(await one.base.make(bare)));
    await bare.tidy();
    const outcome = outcomeOf(answer);
    if (new RegExp(`^${one.expected}( |$)`).test(`${outcome} ${JSON.stringify(answer.body)}`)) continue;
    const title = titleOf(one);
    const known = differences.find(
      ({ cases, bare: theirs }) => theirs.test(outcome) && cases.some((pattern) => pattern.test(title)),
    );
    if (known === undefined) unexplained.push(`${title} | ours ${one.expected} | bare ${outcome}`);
    else seen.add(known.reason);
  }
  expect(unexplained).toEqual([]);
  // what is no difference any more is taken out
  expect(differences.map(({ reason }) => reason).filter((reason) => !seen.has(reason))).toEqual([]);
  // who is stricter is marked as it is
  for (const { who, bare: theirs } of differences)
    expect(theirs.test('200 ok') || theirs.test('201 ok')).toBe(who === 'bare accepts, we refuse');
}, 240_000);
