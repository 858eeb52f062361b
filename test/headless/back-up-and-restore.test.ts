import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { build } from '../../resources/start/build.ts';
import type { ContractClient } from '../../src/contract/client.ts';
import { type FilledInstallation, fillInstallation } from '../torture/support/filled-installation.ts';
import { type HeadlessProcess, openPage } from './headless-process.ts';

const passphrase = 'freebase suffocate udder moonscape grudge';

describe.skipIf(process.platform === 'win32')('a copy of everything, made and put back by the command line', () => {
  let filled: FilledInstallation;
  let copy: string;
  beforeAll(() => build(), 120_000);
  beforeEach(async () => {
    filled = await fillInstallation(passphrase, { agentCount: 2 });
    copy = join(filled.installation.folder, 'copy');
  }, 60_000);
  afterEach(() => filled.remove());

  const start = (): Promise<HeadlessProcess> => filled.installation.start(['--no-open', '--port', String(filled.port)]);
  const open = async (running: HeadlessProcess): Promise<ContractClient> => {
    await filled.installation.command('open');
    const page = await openPage(await running.link());
    await page.call('vault.unlock', {}, passphrase);
    return page;
  };
  const run = async (...args: readonly string[]): Promise<{ readonly code: number | null; readonly said: unknown }> => {
    const { code, out, err } = await filled.installation.command('--json', ...args);
    return { code, said: JSON.parse(code === 0 ? out : err) };
  };
  const findings = async (page: ContractClient) => (await page.call('status.get', {})).gap?.findings.map(({ kind }) => kind);
  const itemsOf = (folder: string): readonly string[] =>
    Object.keys((JSON.parse(readFileSync(join(folder, 'keychain.json'), 'utf8')) as { items: object }).items);

  it('is taken while the app runs; put back, it undoes no revocation: every grant stands still until the person answers (security rule 8)', async () => {
    const first = await start();
    expect(await run('backup', copy)).toEqual({
      code: 0,
      said: { folder: copy, files: ['counterfoil.db', 'keychain.json', 'host-name'], keyItems: 'here' },
    });
    for (const path of [copy, ...readdirSync(copy).map((name) => join(copy, name))]) expect(statSync(path).mode & 0o077).toBe(0);
    expect(itemsOf(filled.installation.data).some((name) => name.startsWith('head/'))).toBe(true);
    expect(itemsOf(copy).filter((name) => name.startsWith('head/'))).toEqual([]);
    expect(await run('backup', copy)).toMatchObject({ code: 2, said: { error: { code: 'invalid_input' } } });

    const page = await open(first);
    const { grants } = await page.call('grants.list', {});
    await page.call('grants.revoke', { ids: [grants[0]?.id ?? ''] });
    expect(await run('restore', copy)).toMatchObject({ code: 5, said: { error: { code: 'already_running' } } });
    await first.stop();

    const { code, said } = await run('restore', copy);
    expect(code).toBe(0);
    expect(readdirSync((said as { aside: string }).aside)).toEqual(expect.arrayContaining(['counterfoil.db', 'keychain.json']));
    expect(existsSync(join(filled.installation.data, 'restoring'))).toBe(false);

    const second = await start();
    const again = await open(second);
    expect(await findings(again)).toEqual(['older_data']);
    expect((await again.call('grants.list', {})).grants.filter(({ live }) => live)).toHaveLength(2);
    await expect(again.call('gap.answer', { keepGrantIds: [] })).rejects.toMatchObject({ refusal: { code: 'presence_required' } });
    expect(await again.call('gap.answer', { keepGrantIds: [] }, passphrase)).toMatchObject({ kept: 0, ended: 2 });
    await second.stop();
  }, 120_000);

  it('brings everything back when the whole data folder is lost, and still asks (security rule 8)', async () => {
    expect((await run('backup', copy)).code).toBe(0);
    rmSync(filled.installation.data, { recursive: true });
    expect(await run('restore', copy)).toEqual({ code: 0, said: {} });
    const running = await start();
    const page = await open(running);
    expect(await findings(page)).toEqual(['copy_missing']);
    expect((await page.call('agents.list', {})).agents).toHaveLength(2);
    await running.stop();
  }, 120_000);
});
