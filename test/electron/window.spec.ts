import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, expect, test } from '@playwright/test';
import { drivenMain, root } from './build-driven.ts';
import { findElectron } from './find-electron.ts';

const binary = findElectron();
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
let folder = '';

const environment = (): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
  DRIVEN_ROOT: root,
  COUNTERFOIL_DATA_DIR: join(folder, 'data'),
  COUNTERFOIL_RUNTIME_DIR: join(folder, 'run'),
});

test.skip(binary === undefined, "Electron's binary is not here");

test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cf-electron-'));
});
test.afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function launch(): Promise<ElectronApplication> {
  return _electron.launch({ executablePath: binary ?? '', args: [...asRoot, drivenMain], env: environment() });
}

test('the window shows the UI at its own origin, and reaches nothing else (security rule 11)', async () => {
  const app = await launch();
  const page = await app.firstWindow();
  await expect(page.getByRole('main')).toBeVisible();
  expect(new URL(page.url()).origin).toMatch(/^http:\/\/cf-[\da-f]{32}\.localhost$/);
  expect(await page.evaluate(() => Object.keys((window as unknown as { counterfoil: object }).counterfoil).sort())).toEqual([
    'begin',
    'call',
    'onChange',
  ]);
  expect(await page.evaluate(() => 'require' in window || 'process' in window)).toBe(false);
  const reached = await page.evaluate(() =>
    fetch('http://127.0.0.1:7417/').then(
      () => true,
      () => false,
    ),
  );
  expect(reached).toBe(false);
  const before = page.url();
  await page.evaluate(() => {
    location.href = 'https://example.com/';
  });
  expect(page.url()).toBe(before);
  await app.close();
});

for (const flag of ['--remote-debugging-port=0', '--inspect=0', '--load-extension=/tmp']) {
  test(`the app that ships ends when it is started with ${flag} (security rule 19)`, async () => {
    const { code, said } = await new Promise<{ code: number; said: string }>((resolve) => {
      const args = [...asRoot, flag, root];
      const child = execFile(binary ?? '', args, { env: environment(), timeout: 20_000 }, (_error, _out, stderr) => {
        resolve({ code: child.exitCode ?? -1, said: stderr });
      });
    });
    expect(said).toContain(flag.replace(/=.*/, ''));
    expect(code).toBe(1);
  });
}
