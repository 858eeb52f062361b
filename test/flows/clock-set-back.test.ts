import { afterEach, expect, test } from 'vitest';
import { openCore } from '../api/open-core.ts';
import { newKey } from '../authserver/support/stock-agent.ts';
import { openCoreInTime } from '../torture/clock/core-in-time.ts';

const second = 1_000;
const opened: { readonly stop: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const { stop } of opened.splice(0)) await stop();
});

test.each([
  ['before', 30],
  ['after', 30],
  ['before', 300],
] as const)(
  'a clock set back %s a grant of %i s, and level again after a time off: neither grant nor request outlives its end (goal R3)',
  async (when, life) => {
    const core = await openCoreInTime(await newKey());
    opened.push(core);
    if (when === 'before') core.set(-60 * second);
    core.grant(life * second);
    core.ask(life * second);
    if (when === 'after') core.set(-60 * second);
    // As long as the clock is behind: at the next start it shows the very time of the stop.
    await core.restart(60 * second, 'right');
    expect(await core.findLate()).toEqual([]);
    await core.run(Math.max(1, life - 60) * second);
    expect(await core.findLate()).toEqual([]);
  },
);

test('a clock that is set back while the program runs is seen within five seconds (goal R3)', async () => {
  const { core, platform, close } = await openCore();
  opened.push({ stop: close });
  platform.clock.set(platform.clock.now() - 60 * second);
  await platform.clock.advance(5 * second);
  expect(core.audit.list({ limit: 1 }).map(({ event }) => event)).toEqual(['clock.set_back']);
});
