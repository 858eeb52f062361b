import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import { createDemoProcesses } from '../../src/platform/demo-program/processes.ts';
import { openCoreOn } from '../api/open-core.ts';
import { signInAsAda } from '../demo/sign-in-as-ada.ts';
import { memoryPlatform } from '../support/memory-platform.ts';
import { testPassphrase } from '../support/open-keep.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.toReversed()) await end();
  endings.length = 0;
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('"Try it" starts the bank, opens its sign-in, and then the sample agent, which gets what the person allows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-demo-'));
  endings.push(() => rmSync(folder, { recursive: true }));
  const platform = memoryPlatform();
  const [issuerPort, apiPort] = [await freePort(), await freePort()];
  const options = { folder: join(import.meta.dirname, '../../resources/demo'), log: platform.log, clock: systemClock };
  const demo = createDemoProcesses({ ...options, issuerPort, apiPort, stateFolder: folder });
  endings.push(() => demo.stop());
  const presets = [demoBankPreset({ issuer: `http://127.0.0.1:${issuerPort}`, api: `http://127.0.0.1:${apiPort}` })];
  const { core, page, close } = await openCoreOn({ ...platform, clock: systemClock, demo }, { presets });
  endings.push(close);

  // Subscribed from the start, so that no change is missed; each state is read again, as a page does.
  const until = (reached: () => Promise<boolean>): Promise<void> =>
    new Promise((resolve, reject) => {
      let done = false;
      const look = (): void => {
        if (done) return;
        reached().then((is) => {
          if (!is || done) return;
          done = true;
          stop();
          resolve();
        }, reject);
      };
      const stop = page.transport.changes(look, () => {});
      look();
    });

  const opened = await page.client.call('demo.start', {}, testPassphrase);
  expect(opened).toMatchObject({ state: 'sign_in' });
  const [link] = platform.browser.links;
  await (await fetch(await signInAsAda(link!))).text();
  await until(async () => (await page.client.call('demo.state', {})).state === 'running');

  const answer = async (): Promise<string> => {
    await until(async () => (await page.client.call('approvals.list', {})).pending.length > 0);
    const [waiting] = (await page.client.call('approvals.list', {})).pending;
    const card = await page.client.call('approvals.card', { id: waiting!.id });
    const narrowing = { details: card.details.map(({ detail }) => detail), scopes: card.scopes, lifetime: card.lifetimes[0]! };
    const { grantedDigest } = await page.client.call('approvals.preview', { id: card.id, narrowing });
    const named = card.agent.isNew ? { agentName: 'Demo agent' } : {};
    const decision = { id: card.id, cardVersion: card.version, askedDigest: card.askedDigest, grantedDigest, narrowing, ...named };
    return (await page.client.call('approvals.approve', decision, testPassphrase)).grantId;
  };
  const reading = await answer();
  const paying = await answer();
  await until(async () => {
    const { grants } = await page.client.call('grants.list', {});
    return grants.every(({ uses }) => uses === 1) && grants.find(({ id }) => id === paying)?.endedBy === 'used_up';
  });
  const { grants } = await page.client.call('grants.list', {});
  expect(grants.find(({ id }) => id === reading)).toMatchObject({ live: true, uses: 1, agentName: 'Demo agent' });
  expect(grants.find(({ id }) => id === paying)).toMatchObject({ once: true, uses: 1, live: false });
  expect(core.audit.verify().intact).toBe(true);
}, 60_000);

test('the sample agent says in words that it was denied', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-demo-'));
  endings.push(() => rmSync(folder, { recursive: true }));
  const { core, page, close } = await openCoreOn({ ...memoryPlatform(), clock: systemClock });
  endings.push(close);
  core.connections.add('demo');
  const file = join(import.meta.dirname, '../../resources/demo/agent.ts');
  const agent = spawn(process.execPath, [file, core.issuer, '--only', 'payment', '--state', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endings.push(() => agent.kill());
  let said = '';
  agent.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const waiting = Promise.withResolvers<string>();
  page.transport.changes(
    () => {
      const [first] = core.approvals.listPending();
      if (first) waiting.resolve(first.id);
    },
    () => {},
  );
  await page.client.call('approvals.deny', { id: await waiting.promise, reason: 'Not today' });
  await once(agent, 'exit');
  expect(said).toContain('Denied.');
}, 60_000);
