import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = new URL('../../resources/start/install.mjs', import.meta.url).pathname;

const installed = {
  'node_modules/one': { version: '1.0.0', integrity: 'sha512-one' },
  'node_modules/two': { version: '2.0.0', integrity: 'sha512-two' },
};
const locked = {
  '': { name: 'planted' },
  ...installed,
  'node_modules/elsewhere': { version: '3.0.0', integrity: 'sha512-x', optional: true, os: ['plan9'] },
};

describe('before npm start', () => {
  let tree = '';
  const write = (file: string, content: unknown): void => writeFileSync(join(tree, file), JSON.stringify(content));
  const npmRuns = (): readonly string[] =>
    existsSync(join(tree, 'npm-runs')) ? readFileSync(join(tree, 'npm-runs'), 'utf8').trim().split('\n') : [];

  /** Runs the script as npm would, with an npm that notes what it was asked and leaves with `npmExit`. */
  const start = (npmExit = 0): Promise<{ readonly code: number; readonly said: string }> =>
    new Promise((resolve) => {
      const env = {
        ...process.env,
        npm_execpath: join(tree, 'npm-cli.js'),
        npm_node_execpath: process.execPath,
        NPM_EXIT: String(npmExit),
      };
      const child = execFile(process.execPath, [join(tree, 'resources/start/install.mjs')], { env }, (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, said: stdout + stderr });
      });
    });

  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'cf-install-'));
    mkdirSync(join(tree, 'resources/start'), { recursive: true });
    mkdirSync(join(tree, 'node_modules'));
    copyFileSync(script, join(tree, 'resources/start/install.mjs'));
    writeFileSync(
      join(tree, 'npm-cli.js'),
      `require('node:fs').appendFileSync(${JSON.stringify(join(tree, 'npm-runs'))}, process.argv.slice(2).join(' ') + '\\n'); process.exit(Number(process.env.NPM_EXIT));`,
    );
    write('package-lock.json', { packages: locked });
    write('node_modules/.package-lock.json', { packages: installed });
  });
  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  it('nothing is installed when node_modules agrees with the lock, and nothing is said', async () => {
    expect(await start()).toEqual({ code: 0, said: '' });
    expect(npmRuns()).toEqual([]);
  });

  it('a fresh clone is installed, without install scripts', async () => {
    rmSync(join(tree, 'node_modules'), { recursive: true });
    const { code, said } = await start();
    expect(code).toBe(0);
    expect(said).toContain('not installed yet');
    expect(npmRuns()).toEqual([expect.stringMatching(/^ci --ignore-scripts/)]);
  });

  it.each([
    ['another version', { ...installed, 'node_modules/two': { version: '2.0.1', integrity: 'sha512-two' } }],
    ['other content', { ...installed, 'node_modules/two': { version: '2.0.0', integrity: 'sha512-other' } }],
    ['a package that is missing', { 'node_modules/one': installed['node_modules/one'] }],
  ])('%s than the lock says is installed again', async (_what, packages) => {
    write('node_modules/.package-lock.json', { packages });
    expect((await start()).said).toMatch(/package-lock\.json has changed \(two\)/);
    expect(npmRuns()).toHaveLength(1);
  });

  it('what npm left half done is installed again', async () => {
    writeFileSync(join(tree, 'node_modules/.package-lock.json'), '{ "packa');
    expect((await start()).code).toBe(0);
    expect(npmRuns()).toHaveLength(1);
  });

  it('an installation that fails says what to do, and nothing starts', async () => {
    rmSync(join(tree, 'node_modules'), { recursive: true });
    const { code, said } = await start(1);
    expect(code).toBe(1);
    expect(said).toContain('run the same command again');
  });
});
