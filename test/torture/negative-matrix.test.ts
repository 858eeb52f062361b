import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { titleOf } from '../authserver/matrix/case.ts';
import { allCases } from '../authserver/matrix/cases.ts';
import { outcomeOf } from '../authserver/matrix/draft.ts';
import { openOurWorld } from '../authserver/matrix/our-world.ts';
import type { World } from '../authserver/matrix/world.ts';
import { goal } from './goal.ts';

const { report } = goal('S1', allCases.length, allCases.length);
let world: World;
let refused = 0;

beforeAll(async () => {
  world = await openOurWorld();
});

afterAll(async () => {
  report(`${refused} refused as they should be, each with a well-formed request beside it that was served`);
  await world.close();
});

test('is of at least 400 cases, each once (goal S1)', () => {
  const titles = allCases.map(titleOf);
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
  expect(titles.length).toBeGreaterThanOrEqual(400);
});

describe('what is spoilt in one thing is refused, nothing changes, and unspoilt it is served (goal S1)', () => {
  test.each(allCases.map((one) => [titleOf(one), one] as const))('%s', async (_title, { base, change, expected, notes }) => {
    const draft = await base.make(world);
    const spoilt = change(world)(draft);
    const silent = Object.fromEntries(notes.map((table) => [table, undefined]));
    const before = { ...world.state(), ...silent };
    const answer = await world.send(spoilt);
    expect(`${outcomeOf(answer)} ${JSON.stringify(answer.body)}`).toMatch(new RegExp(`^${expected}( |$)`));
    expect({ ...world.state(), ...silent }).toEqual(before);
    // the counter-case: the very same thing, unspoilt, where a spent nonce or assertion is all that is new
    const whole = await world.send(await again(draft));
    expect(outcomeOf(whole)).toBe(base.served);
    await world.tidy();
    refused += 1;

    async function again(was: typeof draft): Promise<typeof draft> {
      const fresh = await base.make({ ...world, approvedRequest: async () => String(was.params?.['auth_req_id']), tokens: reuse });
      return fresh;
      async function reuse() {
        const { params, headers } = was;
        const accessToken = params?.['token'] ?? headers.find(([name]) => name === 'Authorization')?.[1].slice('DPoP '.length);
        return { accessToken: String(accessToken), refreshToken: String(params?.['refresh_token']) };
      }
    }
  });
});
