import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../resources/start/build.ts';
import { callProxy } from '../flows/open-story.ts';
import { openPage } from '../headless/headless-process.ts';
import { goal } from './goal.ts';
import { type Canary, CanarySearch, type Found } from './support/canaries.ts';
import { type FilledInstallation, fillInstallation } from './support/filled-installation.ts';
import { processTree } from './support/process-memory.ts';

const passphrase = randomBytes(24).toString('hex');

/** The shipped shell on a filled data folder: unlocked, used by agents, locked, stopped. */
describe.skipIf(process.platform !== 'linux')('what the shipped shell leaves where others can read it', () => {
  let filled: FilledInstallation;
  let canaries: readonly Canary[];
  let search: CanarySearch;
  /** Files while it ran, while it was locked, and after it ended. */
  const files: { readonly path: string; readonly bytes: Buffer; readonly mode: number }[] = [];
  const folders: { readonly path: string; readonly mode: number }[] = [];
  /** Bytes that agents were sent, and what the shell printed. */
  const seenByAgents: string[] = [];
  let printed = '';
  let commandLines = Buffer.alloc(0);

  function look(): void {
    const root = filled.installation.folder;
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const mode = statSync(path).mode & 0o777;
      if (entry.isDirectory()) folders.push({ path, mode });
      else if (entry.isFile()) files.push({ path, mode, bytes: readFileSync(path) });
    }
  }

  beforeAll(async () => {
    await build();
    filled = await fillInstallation(passphrase, { agentCount: 3 });
    const own = filled.agents.map(({ agent, tokens }) => ({ kind: 'agent token', name: agent.id, value: tokens.access_token }));
    const atStart = await filled.secrets();
    const running = await filled.installation.start(['--no-open', '--port', String(filled.port)]);
    await filled.installation.command('open');
    const link = await running.link();
    const launch = new URLSearchParams(new URL(link).hash.slice(1)).get('launch') ?? '';
    const page = await openPage(link);
    await page.call('vault.unlock', {}, passphrase);
    for (const granted of filled.agents) {
      for (const path of ['/accounts', '/accounts/main/transactions', '/nothing']) {
        const { status, text, type } = await callProxy(granted, path);
        seenByAgents.push(`${status} ${type} ${text}`);
      }
    }
    look();
    commandLines = Buffer.concat(
      processTree(running.child.pid ?? 0).flatMap((pid) =>
        ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`)),
      ),
    );
    await page.call('vault.lock', {});
    for (const granted of filled.agents) seenByAgents.push((await callProxy(granted, '/accounts')).text);
    look();
    canaries = [...atStart, ...(await filled.secrets()), ...own, { kind: 'launch token', name: 'link', value: launch }];
    search = new CanarySearch(canaries);
    const { err } = await running.stop();
    printed = err;
    look();
  }, 180_000);
  afterAll(() => filled?.remove());

  const found = (bytes: Buffer): readonly string[] => search.inBytes(bytes).map(described);
  const described = ({ canary, form }: Found): string => `${canary.kind} (${form})`;

  test('no file of the installation holds a secret, in any spelling, while it runs, locked or stopped (goal M2)', () => {
    expect(canaries.length).toBeGreaterThan(15);
    expect(files.map(({ path }) => path).join('\n')).toContain('counterfoil.db-wal');
    for (const { path, bytes } of files) expect(found(bytes), path).toEqual([]);
    goal('M2', canaries.length, canaries.length).report(`0 found in ${files.length} files, in any spelling`);
  });

  test('every file is for its owner only: 0600, and folders 0700 (goal M2)', () => {
    for (const { path, mode } of files) expect(mode.toString(8), path).toBe('600');
    for (const { path, mode } of folders) expect(mode.toString(8), path).toBe('700');
  });

  test('no answer to an agent, no printed line, no command line and no environment holds a secret (goal S10)', () => {
    expect(seenByAgents.length).toBe(12);
    expect(seenByAgents.join('\n')).toContain('call_not_covered');
    expect(found(Buffer.from(seenByAgents.join('\n')))).toEqual([]);
    expect(printed).toContain('Agents find Counterfoil at');
    expect(found(Buffer.from(printed))).toEqual([]);
    expect(found(commandLines)).toEqual([]);
    goal('S10', canaries.length, canaries.length).report(
      `0 found in ${seenByAgents.length} answers, the log and the command lines`,
    );
  });

  test('the search finds each secret in each spelling', () => {
    for (const { value } of canaries) {
      const bytes = Buffer.from(value as string);
      for (const spelt of [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(`xy${bytes.toString('base64')}`)]) {
        expect(search.inBytes(Buffer.concat([Buffer.from('before '), spelt, Buffer.from(' after')])).length).toBeGreaterThan(0);
      }
    }
  });
});
