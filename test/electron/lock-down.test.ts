import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findForbiddenSwitch } from '../../electron/find-switch.ts';
import { lockDownContents, lockDownSession } from '../../electron/lock-down.ts';
import { answerUiRequest, serveUi } from '../../electron/serve-ui.ts';
import { keepWindow, windowOptions } from '../../electron/window.ts';
import { AppDouble, ContentsDouble, SessionDouble, WindowDouble } from './electron-double.ts';

const origin = 'http://cf-abc.localhost';

describe('switches that let another program in', () => {
  const none = () => false;

  it.each([
    '--remote-debugging-port=9222',
    '--remote-debugging-pipe',
    '--inspect',
    '--inspect=0',
    '--inspect-brk',
    '-inspect',
    '--load-extension=/x',
    '--disable-web-security',
    '--js-flags=--expose-gc',
    '--host-resolver-rules=MAP * 10.0.0.1',
  ])('%s ends the app (security rule 19)', (flag) => {
    expect(findForbiddenSwitch(['app', flag], none)).toBe(flag.replace(/=.*$/, ''));
  });

  it('a switch that Chromium took from elsewhere ends it as well (security rule 19)', () => {
    expect(findForbiddenSwitch(['app'], (name) => name === 'remote-debugging-port')).toBe('--remote-debugging-port');
  });

  it('other arguments do not', () => {
    expect(findForbiddenSwitch(['app', '.', '--port', '7500', '--ozone-platform=wayland'], none)).toBeUndefined();
  });
});

describe('a page of the app', () => {
  const app = new AppDouble();
  const page = new ContentsDouble(3);
  lockDownContents(app);
  app.emit('web-contents-created', {}, page);

  it('opens no window', () => expect(page.windowOpenHandler?.()).toEqual({ action: 'deny' }));
  it.each(['will-navigate', 'will-redirect', 'will-attach-webview'])('is stopped at %s', (event) =>
    expect(page.isPrevented(event)).toBe(true),
  );
});

describe("the page's profile", () => {
  const session = new SessionDouble();
  lockDownSession(session, origin);

  it('grants no permission', () => {
    const answers: boolean[] = [];
    session.permissionRequest?.({}, 'media', (granted) => answers.push(granted));
    expect([...answers, session.permissionCheck?.(), session.devicePermission?.()]).toEqual([false, false, false]);
  });

  it('downloads nothing', () => expect(session.isPrevented('will-download')).toBe(true));

  it.each([
    'https://example.com/',
    'http://127.0.0.1:7417/',
    'http://localhost/',
    'http://cf-abc.localhost:81/',
    'http://cf-abc.localhost.evil.example/',
    'https://cf-abc.localhost/',
    'ws://cf-abc.localhost/',
    'file:///etc/passwd',
    'data:text/html,x',
    'devtools://devtools/x',
    'nonsense',
  ])('cancels %s (security rule 11)', (url) => expect(session.isCancelled(url)).toBe(true));

  it('lets its own origin through', () => expect(session.isCancelled(`${origin}/assets/a.js`)).toBe(false));
});

describe('the UI, answered inside the app', () => {
  let folder = '';
  const get = (path: string, init?: RequestInit) => answerUiRequest(new Request(`${origin}${path}`, init), { origin, folder });

  beforeAll(async () => {
    const base = await mkdtemp(join(tmpdir(), 'cf-ui-'));
    folder = join(base, 'ui');
    await mkdir(join(folder, 'assets'), { recursive: true });
    await writeFile(join(folder, 'index.html'), '<!doctype html>');
    await writeFile(join(folder, 'assets/a.js'), 'one');
    await writeFile(join(base, 'outside.js'), 'secret');
  });
  afterAll(() => rm(join(folder, '..'), { recursive: true, force: true }));

  it('is the files of its folder, under a policy that lets nothing connect', async () => {
    const page = await get('/');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('content-security-policy')).toContain("connect-src 'none'");
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(await (await get('/assets/a.js')).text()).toBe('one');
  });

  it.each([
    '/../outside.js',
    '/%2e%2e/outside.js',
    '/..%2foutside.js',
    '/assets/..%5c..%5coutside.js',
    '//outside.js',
    '/assets',
    '/.env',
    '/a.exe',
  ])('does not have %s', async (path) => expect((await get(path)).status).toBe(404));

  it('refuses another origin and another method (security rule 11)', async () => {
    const other = await answerUiRequest(new Request('http://127.0.0.1/'), { origin, folder });
    expect(other.status).toBe(403);
    expect((await get('/', { method: 'POST' })).status).toBe(405);
  });

  it('handles http, and https with a refusal (security rule 11)', async () => {
    const session = new SessionDouble();
    serveUi(session, { origin, folder });
    expect((await session.handlers.get('http')?.(new Request(`${origin}/`)))?.status).toBe(200);
    expect((await session.handlers.get('https')?.(new Request('https://cf-abc.localhost/')))?.status).toBe(403);
  });
});

describe('the window', () => {
  it('is sandboxed and isolated, with nothing of Node in it', () => {
    const preferences = windowOptions('/p.cjs').webPreferences;
    expect(preferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      devTools: false,
      preload: '/p.cjs',
    });
    // Not `persist:`: the profile stays in memory.
    expect(preferences?.partition).toBe('counterfoil-ui');
  });

  it('is made once, shown again, and hidden when it is closed', async () => {
    const made: WindowDouble[] = [];
    const windows = keepWindow(
      () => {
        made.push(new WindowDouble());
        return made.at(-1) as WindowDouble;
      },
      origin,
      true,
    );
    await windows.open();
    const [first] = made;
    expect(first?.done).toEqual([`load ${origin}/`, 'show', 'focus']);
    expect(first?.isPrevented('close')).toBe(true);
    expect(first?.done.at(-1)).toBe('hide');
    if (first) first.minimized = true;
    await windows.open();
    expect(first?.done.slice(-3)).toEqual(['restore', 'show', 'focus']);
    if (first) first.destroyed = true;
    await windows.open('open=apr_1');
    expect(made).toHaveLength(2);
    expect(made[1]?.done[0]).toBe(`load ${origin}/#open=apr_1`);
    windows.release();
    expect(made[1]?.isPrevented('close')).toBe(false);
  });
});
