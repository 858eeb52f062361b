import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../../src/base/log.ts';
import { checkLink, checkOwnLink } from '../../src/platform/browser/check-link.ts';
import { candidates, findBrowser } from '../../src/platform/browser/find-browser.ts';
import { redirectPage } from '../../src/platform/browser/redirect-page.ts';
import { createSystemBrowser, openerFor, type SystemBrowser } from '../../src/platform/browser/system.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';

const secret = 'launch-secret-5f2a';
const ownWindow = `http://cf-1234.localhost:7418/#launch=${secret}`;

describe('links', () => {
  test.each([
    'https://login.example/authorize?a=1&b=2',
    'http://127.0.0.1:7420/authorize',
    'http://127.1.2.3/',
    'http://[::1]:7420/',
    'http://localhost:7420/',
    'http://cf-1234.localhost:7418/#launch=x',
  ])('are opened: %s', (link) => {
    expect(checkLink(link)).toBe(link);
  });

  test.each([
    'http://example.com/',
    'http://localhost.example.com/',
    'http://evillocalhost/',
    'http://127.0.0.1.example.com/',
    'http://192.168.0.1/',
    'http://0.0.0.0:7420/',
    'https://user:password@login.example/',
    'https://user@login.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'ms-msdt:/id',
    '--version',
    '/etc/passwd',
    '',
  ])('are refused: %j', (link) => {
    expect(() => checkLink(link)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  test('reach the program of the system as one argument, in their one spelling', () => {
    const link = checkLink('https://login.example/a b"c?x=$(id)&y=`id`;z');
    expect(link).toBe('https://login.example/a%20b%22c?x=$(id)&y=`id`;z');
    expect(openerFor('linux', link)).toEqual({ file: 'xdg-open', argumentList: [link] });
    expect(openerFor('darwin', link)).toEqual({ file: '/usr/bin/open', argumentList: [link] });
    expect(openerFor('win32', link)).toEqual({ file: 'rundll32.exe', argumentList: ['url.dll,FileProtocolHandler', link] });
    expect(openerFor('plan9', link)).toBeUndefined();
  });

  test('of a window of ours stay on this machine', () => {
    expect(checkOwnLink(ownWindow)).toBe(ownWindow);
    expect(() => checkOwnLink('https://login.example/')).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});

describe('the page that leads on', () => {
  test('cannot be left by the address it leads to', () => {
    const page = redirectPage('http://localhost/#</script><script>alert("x")</script>\u2028');
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page.match(/<\/script>/g)).toHaveLength(1);
    expect(page).not.toContain('\u2028');
  });
});

describe('where browsers are looked for', () => {
  test('relative entries of PATH do not count', () => {
    const found = candidates('linux', { PATH: `.::bin:/opt/a` });
    expect(found.every((path) => path.startsWith('/opt/a/'))).toBe(true);
  });

  test('macOS and Windows have their places, other systems none', () => {
    expect(candidates('darwin', {})[0]).toContain('/Applications/');
    expect(candidates('win32', { ProgramFiles: 'C:\\Program Files' })).toContain(
      'C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe',
    );
    expect(candidates('plan9', { PATH: '/bin' })).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('opening', () => {
  let folder: string;
  let clock: FakeClock;
  let browser: SystemBrowser;
  let warnings: string[];
  let environment: Record<string, string>;
  const log: Log = { info: () => {}, warn: (_fields, message) => warnings.push(message), error: () => {} };
  const data = () => join(folder, 'data');
  const profiles = () => (existsSync(join(data(), 'browser')) ? readdirSync(join(data(), 'browser')) : []);
  const create = (uid = 1000) => createSystemBrowser({ log, platform: 'linux', environment, dataFolder: data(), uid, clock });
  const place = (name: string, script: string): void => {
    const path = join(folder, 'bin', name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  };
  /** What a program was called with; every line one argument. */
  const calledWith = (): readonly string[] => readFileSync(join(folder, 'called'), 'utf8').trimEnd().split('\n');
  const records = `printf '%s\\n' "$@" > '$FOLDER/called'`;
  const recording = (): string => records.replace('$FOLDER', folder);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'counterfoil-browser-'));
    mkdirSync(join(folder, 'bin'));
    clock = createFakeClock();
    warnings = [];
    environment = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, DISPLAY: ':9' };
    browser = create();
  });
  afterEach(async () => {
    await browser.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a link goes to the program of the system, untouched by any shell', async () => {
    place('xdg-open', recording());
    // `spawn` looks for the name in the PATH that it hands over.
    expect(await browser.openLink('https://login.example/?x=$(id)&y=a')).toBe(true);
    expect(calledWith()).toEqual(['https://login.example/?x=$(id)&y=a']);
  });

  test('a link that is refused starts nothing', async () => {
    place('xdg-open', recording());
    await expect(browser.openLink('file:///etc/passwd')).rejects.toMatchObject({ code: 'invalid_input' });
    expect(existsSync(join(folder, 'called'))).toBe(false);
  });

  test('a program that fails or is not there opened nothing', async () => {
    place('xdg-open', 'exit 3');
    expect(await browser.openLink('https://login.example/')).toBe(false);
    environment['PATH'] = join(folder, 'nothing');
    expect(await browser.openLink('https://login.example/')).toBe(false);
    expect(await browser.openWindow(ownWindow)).toBe(false);
  });

  test('without a screen nothing is started', async () => {
    place('xdg-open', recording());
    place('chromium', recording());
    delete environment['DISPLAY'];
    expect(await browser.openLink('https://login.example/')).toBe(false);
    expect(await browser.openWindow(ownWindow)).toBe(false);
    expect(existsSync(join(folder, 'called'))).toBe(false);
  });

  test('a window gets a fresh profile that only this user can read, and the secret is on no command line (security rule 10)', async () => {
    place('chromium', recording());
    expect(await browser.openWindow(ownWindow)).toBe(true);
    expect(calledWith().join(' ')).not.toContain(secret);
    const [profile = ''] = profiles();
    expect(statSync(join(data(), 'browser', profile)).mode & 0o777).toBe(0o700);
    const app = calledWith().find((argument) => argument.startsWith('--app=')) ?? '';
    const page = fileURLToPath(app.slice('--app='.length));
    expect(statSync(page).mode & 0o777).toBe(0o600);
    expect(readFileSync(page, 'utf8')).toContain(secret);
    expect(calledWith()).toContain(`--user-data-dir=${join(data(), 'browser', profile)}`);
  });

  test('the page with the secret is taken away after a minute', async () => {
    place('chromium', recording());
    await browser.openWindow(ownWindow);
    const page = fileURLToPath(
      calledWith()
        .find((argument) => argument.startsWith('--app='))
        ?.slice('--app='.length) ?? '',
    );
    await clock.advance(59_000);
    expect(existsSync(page)).toBe(true);
    await clock.advance(2_000);
    await browser.stop();
    expect(existsSync(page)).toBe(false);
  });

  test('a second start does not find what the first one left (security rule 10)', async () => {
    place('chromium', recording());
    mkdirSync(join(data(), 'browser', 'profile-old'), { recursive: true });
    writeFileSync(join(data(), 'browser', 'profile-old', 'Cookies'), 'old');
    await browser.openWindow(ownWindow);
    expect(profiles()).toHaveLength(1);
    expect(profiles()).not.toContain('profile-old');
  });

  test('a further window joins the browser that runs, and stop ends it and takes the profile away', async () => {
    place('chromium', `${recording()}\nexec sleep 60`);
    const first = browser.openWindow(ownWindow);
    await untilExists(join(folder, 'called'));
    await clock.advance(700);
    expect(await first).toBe(true);
    place('chromium', recording());
    expect(await browser.openWindow(ownWindow)).toBe(true);
    expect(profiles()).toHaveLength(1);
    await browser.stop();
    expect(profiles()).toEqual([]);
    expect(await browser.openWindow(ownWindow)).toBe(false);
  });

  test('only root starts a browser without its sandbox, and the log says so', async () => {
    place('chromium', recording());
    await browser.openWindow(ownWindow);
    expect(calledWith()).not.toContain('--no-sandbox');
    expect(warnings).toEqual([]);
    await browser.stop();
    browser = create(0);
    await browser.openWindow(ownWindow);
    expect(calledWith()).toContain('--no-sandbox');
    expect(warnings.join(' ')).toContain('without its sandbox');
  });

  test('a browser that cannot read our folder is passed over', () => {
    symlinkSync('/usr/bin/env', join(folder, 'bin', 'google-chrome'));
    mkdirSync(join(folder, 'bin', 'snap-like'));
    writeFileSync(join(folder, 'bin', 'snap-like', 'snap'), '');
    chmodSync(join(folder, 'bin', 'snap-like', 'snap'), 0o755);
    symlinkSync(join(folder, 'bin', 'snap-like', 'snap'), join(folder, 'bin', 'chromium'));
    expect(findBrowser('linux', { PATH: join(folder, 'bin') })).toBe(join(folder, 'bin', 'google-chrome'));
  });
});

/** Until a file of a program that was started is there; ten seconds at most. */
async function untilExists(path: string): Promise<void> {
  for (let turn = 0; turn < 500 && !existsSync(path); turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
}
