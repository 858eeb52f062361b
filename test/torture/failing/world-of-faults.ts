/** A core with a signed-in connection and an upstream, on which things are done while something fails. */
import { createServer } from 'node:http';
import { expect } from 'vitest';
import { close, listen } from '../../../resources/demo/listen.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { demoBankPreset } from '../../../src/connections/presets.ts';
import type { Keychain } from '../../../src/platform/keychain.ts';
import { type OpenCore, openCoreOn } from '../../api/open-core.ts';
import { comeBack, startFakeProvider } from '../../connections/fake-provider.ts';
import type { Machine } from '../../flows/open-story.ts';
import { memoryPlatform } from '../../support/memory-platform.ts';
import { testPassphrase } from '../../support/open-keep.ts';
import { halvesOf, unfoundedOf } from '../killed/check-after-kill.ts';
import { newLedger } from '../killed/ledger.ts';
import type { Outcome, World } from './operations.ts';

export interface WorldOfFaults extends World {
  readonly running: OpenCore<Machine>;
  /** Everything open and going, whatever the last fault has left undone. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** More than any test adds. */
const sparePresets = 100;

export async function openWorldOfFaults(on: { readonly file?: string; readonly keychain?: Keychain } = {}): Promise<WorldOfFaults> {
  const provider = await startFakeProvider();
  const upstream = createServer((_request, response) => response.end('{}'));
  const demo = demoBankPreset({ issuer: provider.issuer, api: await listen(upstream, 0) });
  const others = Array.from({ length: sparePresets }, (_, index) => ({
    ...demo,
    id: `spare-${index}`,
    resources: demo.resources.map((resource) => ({ ...resource, id: `spare-${index}` as typeof resource.id })),
  }));
  const machine = { ...memoryPlatform(on.keychain === undefined ? {} : { keychain: on.keychain }), clock: systemClock };
  const running = await openCoreOn<Machine>(machine, {
    presets: [demo, ...others],
    ...(on.file === undefined ? {} : { file: on.file }),
  });
  const { core, page } = running;
  const { id } = core.connections.add('demo');
  const signIn = async (): Promise<void> => {
    await comeBack(provider, (await core.connections.beginSignIn(id)).authorizationUrl);
    await core.connections.finished(id);
  };
  await signIn();
  return {
    running,
    core,
    page,
    spares: others.map((other) => other.id),
    signIn,
    async settle() {
      await page.client.call('vault.unlock', {}, testPassphrase);
      await page.client.call('agents.resumeAll', {}, testPassphrase);
      for (const waiting of core.approvals.listPending()) core.approvals.cancel(waiting.id);
      for (const agent of core.agents.list()) if (agent.state === 'pending') core.agents.remove(agent.id);
      if (core.connections.list().find((one) => one.id === id)?.state !== 'signed_in') await signIn();
    },
    async close() {
      await running.close();
      await provider.stop();
      await close(upstream);
    },
  };
}

const tellsWhy = /^(store_failed|keychain_refused|5\d\d (store_failed|server_error|temporarily_unavailable|keychain_refused))$/;

/** A clear answer, a whole log, no token without its entry, and nothing done by half. */
export function expectWhole({ running }: WorldOfFaults, outcome: Outcome, where: string): void {
  if (outcome !== 'ok') expect(outcome, where).toMatch(tellsWhy);
  expect(running.core.audit.verify().intact, where).toBe(true);
  expect([...unfoundedOf(running.core, running.store, newLedger()), ...halvesOf(running.store)], where).toEqual([]);
}
