import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../resources/start/build.ts';
import { callProxy } from '../flows/open-story.ts';
import { openPage } from '../headless/headless-process.ts';
import { goal } from './goal.ts';
import { type Canary, CanarySearch } from './support/canaries.ts';
import { type FilledInstallation, fillInstallation } from './support/filled-installation.ts';
import { processTree, searchMemory } from './support/process-memory.ts';

/** Of no dictionary: the one that measures passphrases is in memory too. */
const passphrase = randomBytes(24).toString('hex');
/** Keys that the vault derives and opens; each agent has one broker key more. */
const vaultKeyCount = 6;
/** Calls at a time. */
const abreast = 4;
/** Gone for certain. The connection key was found in one run of four, tokens of the provider in each: they are counted only. */
const keyKinds = ['vault key', 'broker key', 'passphrase'];

describe.skipIf(process.platform !== 'linux')('the memory of the shipped shell', () => {
  const { count, report } = goal('M1', 64, 20);
  const agentCount = count - vaultKeyCount;
  let filled: FilledInstallation;

  beforeAll(async () => {
    await build();
    filled = await fillInstallation(passphrase, agentCount);
  }, 180_000);
  afterAll(() => filled?.remove());

  test('after a lock no key, nor the passphrase, is in the memory of any process of ours, whole or in part (goal M1)', async () => {
    const atStart = await filled.secrets();
    const running = await filled.installation.start(['--no-open', '--port', String(filled.port)]);
    await filled.installation.command('open');
    const page = await openPage(await running.link());
    await page.call('vault.unlock', {}, passphrase);
    for (let at = 0; at < agentCount; at += abreast) {
      const answers = await Promise.all(filled.agents.slice(at, at + abreast).map((granted) => callProxy(granted, '/accounts')));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    }
    const canaries = unlike([...atStart, ...(await filled.secrets())]);
    const keys = canaries.filter(({ kind }) => keyKinds.includes(kind));
    expect(keys.length).toBeGreaterThanOrEqual(count);
    const search = new CanarySearch(canaries);
    const found = (): readonly Canary[] => {
      const everywhere = processTree(running.child.pid ?? 0).flatMap((pid) => searchMemory(pid, search).found);
      return unlike(everywhere.map(({ canary }) => canary));
    };
    const keysIn = (held: readonly Canary[]): readonly Canary[] => held.filter(({ kind }) => keyKinds.includes(kind));

    // The search works: what is in use is found.
    const before = found();
    expect(keysIn(before).length).toBeGreaterThan(agentCount / 2);

    await page.call('vault.lock', {});
    // It sweeps after it has answered, in the turns that follow; a helper thread of the engine clears the last pages.
    for (let turn = 0; turn < 10; turn += 1) await page.call('status.get', {});
    let after = found();
    for (let again = 0; again < 2 && keysIn(after).length > 0; again += 1) after = found();
    expect(keysIn(after).map(nameOf)).toEqual([]);
    const others = canaries.length - keys.length;
    const [otherBefore, otherAfter] = [before, after].map((held) => held.length - keysIn(held).length);
    report(
      `0 of ${keys.length} keys in memory after a lock (${keysIn(before).length} before); of ${others} others, mostly tokens, ${otherAfter} (${otherBefore} before)`,
    );
  });
});

const nameOf = ({ kind, name }: Canary): string => `${kind} ${name}`;

function unlike(canaries: readonly Canary[]): readonly Canary[] {
  return [...new Map(canaries.map((canary) => [String(canary.value), canary])).values()];
}
