import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../resources/start/build.ts';
import type { ContractClient } from '../../src/contract/client.ts';
import { callProxy } from '../flows/open-story.ts';
import { type HeadlessProcess, openPage } from '../headless/headless-process.ts';
import { goal } from './goal.ts';
import { type Canary, CanarySearch } from './support/canaries.ts';
import { type FilledInstallation, fillInstallation } from './support/filled-installation.ts';
import { processTree, searchCoreDump, searchMemory } from './support/process-memory.ts';

/** Keys that the vault derives and opens; each agent has one broker key more. */
const vaultKeyCount = 6;
/** Calls at a time. */
const abreast = 4;
/** Gone for certain; tokens of providers pass through memory that is not ours, so of them a few may be left. */
const keyKinds = ['vault key', 'broker key', 'connection key', 'passphrase'];
const isKey = ({ kind }: Canary): boolean => keyKinds.includes(kind);

describe.skipIf(process.platform !== 'linux').each([
  { speaks: 'plain HTTP', tls: false },
  { speaks: 'TLS', tls: true },
])('the memory of the shipped shell, whose provider speaks $speaks', ({ speaks, tls }) => {
  const { count, report } = goal('M1', 64, 20);
  const agentCount = count - vaultKeyCount;
  /** Of no dictionary: the one that measures passphrases is in memory too. */
  const passphrase = randomBytes(24).toString('hex');
  let filled: FilledInstallation;
  let running: HeadlessProcess;
  let page: ContractClient;

  beforeAll(async () => {
    await build();
    filled = await fillInstallation(passphrase, { agentCount, tls });
    running = await filled.installation.start(['--no-open', '--port', String(filled.port)]);
    await filled.installation.command('open');
    page = await openPage(await running.link());
  }, 240_000);
  afterAll(() => filled?.remove());

  /** What is found now in any process of ours. */
  function found(search: CanarySearch): readonly Canary[] {
    const everywhere = processTree(running.child.pid ?? 0).flatMap((pid) => searchMemory(pid, search).found);
    return unlike(everywhere.map(({ canary }) => canary));
  }

  /** What is found once the sweep is over: it follows the answer, and a helper thread of the engine clears the last pages. */
  async function foundAfterSweep(search: CanarySearch): Promise<readonly Canary[]> {
    let held: readonly Canary[] = [];
    for (let again = 0; again < 4; again += 1) {
      // A search halts the program, so only between two of them the sweep goes on.
      for (let turn = 0; turn < 12; turn += 1) await page.call('status.get', {});
      held = found(search);
      if (held.length === 0) break;
    }
    return held;
  }

  test('a passphrase that was refused is not in it (goal M1)', async () => {
    const wrong = randomBytes(24).toString('hex');
    await expect(page.call('vault.unlock', {}, wrong)).rejects.toMatchObject({ refusal: { code: 'passphrase_wrong' } });
    const search = new CanarySearch([{ kind: 'passphrase', name: 'wrong', value: wrong }]);
    expect((await foundAfterSweep(search)).map(nameOf)).toEqual([]);
  });

  test('after a lock no key, nor the passphrase, is in it, whole or in part, and hardly a token (goal M1)', async () => {
    const atStart = await filled.secrets();
    await page.call('vault.unlock', {}, passphrase);
    for (let at = 0; at < agentCount; at += abreast) {
      const answers = await Promise.all(filled.agents.slice(at, at + abreast).map((granted) => callProxy(granted, '/accounts')));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    }
    const canaries = unlike([...atStart, ...(await filled.secrets())]);
    const keys = canaries.filter(isKey);
    expect(keys.length).toBeGreaterThanOrEqual(count);
    const search = new CanarySearch(canaries);

    // The search works: what is in use is found.
    const before = found(search);
    expect(before.filter(isKey).length).toBeGreaterThan(agentCount / 2);

    await page.call('vault.lock', {});
    const after = await foundAfterSweep(search);
    expect(after.filter(isKey).map(nameOf)).toEqual([]);
    const others = canaries.length - keys.length;
    const shell = { pid: running.child.pid ?? 0, ended: () => running.ended() };
    const dumped = await searchCoreDump(shell, filled.installation.folder, search);
    const inDump = dumped === undefined ? [] : unlike(dumped.map(({ canary }) => canary));
    expect(inDump.filter(isKey).map(nameOf)).toEqual([]);
    const [othersBefore, othersAfter] = [before, after].map((held) => held.filter((canary) => !isKey(canary)).length);
    report(
      `${speaks}: 0 of ${keys.length} keys in memory after a lock (${before.filter(isKey).length} before), ${othersAfter} of ${others} tokens (${othersBefore} before); ${dumped === undefined ? 'no dump by the kernel here' : `the kernel's dump has ${inDump.length}`}`,
    );
    expect(othersAfter).toBeLessThanOrEqual(others / 4);
  });
});

const nameOf = ({ kind, name }: Canary): string => `${kind} ${name}`;

function unlike(canaries: readonly Canary[]): readonly Canary[] {
  return [...new Map(canaries.map((canary) => [String(canary.value), canary])).values()];
}
