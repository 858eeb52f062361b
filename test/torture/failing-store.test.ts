import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { close, listen } from '../../resources/demo/listen.ts';
import { systemClock } from '../../src/base/clock.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import { type OpenCore, openCoreOn } from '../api/open-core.ts';
import { comeBack, type FakeProvider, startFakeProvider } from '../connections/fake-provider.ts';
import type { Machine } from '../flows/open-story.ts';
import { memoryPlatform } from '../support/memory-platform.ts';
import { testPassphrase } from '../support/open-keep.ts';
import { type FailingStore, type Fault, failing } from './failing/failing-store.ts';
import { operations, type World } from './failing/operations.ts';
import { goal } from './goal.ts';
import { halvesOf, unfoundedOf } from './killed/check-after-kill.ts';
import { newLedger } from './killed/ledger.ts';

let provider: FakeProvider;
let upstream: Server;
let running: OpenCore<Machine>;
let faults: FailingStore;

beforeAll(async () => {
  provider = await startFakeProvider();
  upstream = createServer((_request, response) => response.end('{}'));
  const presets = [demoBankPreset({ issuer: provider.issuer, api: await listen(upstream, 0) })];
  running = await openCoreOn<Machine>({ ...memoryPlatform(), clock: systemClock }, { presets });
  const { connections } = running.core;
  const { id } = connections.add('demo');
  await comeBack(provider, (await connections.beginSignIn(id)).authorizationUrl);
  await connections.finished(id);
  faults = failing(running.store);
});
afterAll(async () => {
  await running.close();
  await provider.stop();
  await close(upstream);
});

const world = (): World => running;

/** Everything open and going, whatever the last fault has left undone. */
async function settle(): Promise<void> {
  const { core, page } = running;
  await page.client.call('vault.unlock', {}, testPassphrase);
  await page.client.call('agents.resumeAll', {}, testPassphrase);
  for (const { id } of core.approvals.listPending()) core.approvals.cancel(id);
  for (const { id, state } of core.agents.list()) if (state === 'pending') core.agents.remove(id);
}

const kinds: readonly Fault[] = ['before', 'within', 'full'];
/** No operation has more commits; one that had would be wrong in another way. */
const commitsAtMost = 12;
const tellsWhy = /^(store_failed|5\d\d (store_failed|server_error|temporarily_unavailable))$/;
const { report } = goal('R2', 20, 20);
let tried = 0;
let wrong = 0;
const wentOn: string[] = [];

test.each(Object.entries(operations))(
  'when the store fails while %s: a clear error, no token without its entry, and it goes on when the fault is gone (goal R2)',
  async (name, operation) => {
    for (const fault of kinds) {
      for (let nth = 1; nth <= commitsAtMost; nth += 1) {
        await settle();
        const act = await operation(world());
        faults.failFrom(nth, fault);
        const outcome = await act().catch((error: unknown) => `not a refusal: ${String(error)}`);
        const failed = faults.heal();
        const where = `${name}, ${fault} commit ${nth}: ${outcome}`;
        if (failed === 0) {
          expect(outcome, where).toBe('ok');
          break;
        }
        tried += 1;
        if (outcome !== 'ok') expect(outcome, where).toMatch(tellsWhy);
        expect(running.core.audit.verify().intact, where).toBe(true);
        const found = [...unfoundedOf(running.core, running.store, newLedger()), ...halvesOf(running.store)];
        wrong += found.length;
        expect(found, where).toEqual([]);
      }
      await settle();
      expect(await (await operation(world()))(), `${name} after ${fault}`).toBe('ok');
    }
    wentOn.push(name);
  },
);

test('twenty operations were tried', () => {
  expect(Object.keys(operations)).toHaveLength(20);
  report(
    `${tried} commits failed in three ways; ${wrong} tokens without their entry or by half; ${wentOn.length} operations went on`,
  );
});
