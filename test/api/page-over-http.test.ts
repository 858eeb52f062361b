import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openPersonDoor, type PersonDoor } from '../../src/api/http.ts';
import type { ChangeNoticeView } from '../../src/contract/client.ts';
import { createHttpTransport } from '../../src/contract/http-transport.ts';
import { testPassphrase } from '../support/open-keep.ts';
import { localFetch, type Sent, send } from './local-fetch.ts';
import { type OpenCore, openCore, type Page, pageOf } from './open-core.ts';

const hostName = 'cf-0123456789abcdef.localhost';

let folder: string;
let open: OpenCore;
let door: PersonDoor;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'counterfoil-ui-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Counterfoil</title>');
  writeFileSync(join(folder, 'assets', 'main-abc.js'), 'export {};');
  writeFileSync(join(folder, 'notes.txt'), 'not served');
  open = await openCore();
  door = await openPersonDoor({
    api: open.core.api,
    clock: open.platform.clock,
    log: open.platform.log,
    uiFolder: folder,
    hostName,
  });
});
afterEach(async () => {
  await door.close();
  await open.close();
  rmSync(folder, { recursive: true });
});

const portOf = () => Number(new URL(door.origin).port);
const launchOf = (url: string) => new URLSearchParams(new URL(url).hash.slice(1)).get('launch') ?? '';

async function openPage(sent: Sent[] = []): Promise<Page> {
  const launch = launchOf(door.createLaunchUrl());
  return pageOf(await createHttpTransport({ base: door.origin, launch, fetch: localFetch(door.origin, { sent }) }));
}

/** A raw request with headers of one's own. */
function raw(
  path: string,
  more: { method?: string; headers?: Record<string, string>; body?: string; address?: string } = {},
): Promise<Response> {
  const body = Buffer.from(more.body ?? '');
  const json =
    more.method === 'POST'
      ? { 'content-type': 'application/json', origin: door.origin, 'content-length': String(body.length) }
      : {};
  const headers = { host: new URL(door.origin).host, ...json, ...more.headers };
  return send({ address: more.address ?? '127.0.0.1', port: portOf(), path, method: more.method ?? 'GET', headers, body });
}

describe('the page', () => {
  test('is served from exact paths with a policy that lets nothing else in', async () => {
    const page = await raw('/');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<title>Counterfoil');
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    );
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(page.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('set-cookie')).toBeNull();
    const script = await raw('/assets/main-abc.js');
    expect(script.headers.get('content-type')).toContain('javascript');
    expect((await raw('/', { method: 'HEAD' })).status).toBe(200);
  });

  test.each([
    '/notes.txt',
    '/../package.json',
    '/assets/../index.html',
    '/assets/%2e%2e/index.html',
    '/index.html/',
    '/assets',
    '//index.html',
    '/assets\\main-abc.js',
  ])('%s is not there', async (path) => {
    expect([400, 404]).toContain((await raw(path)).status);
  });

  test('a link to a file elsewhere is not followed out of the folder', async () => {
    symlinkSync('/etc/hostname', join(folder, 'leak.js'));
    const again = await openPersonDoor({
      api: open.core.api,
      clock: open.platform.clock,
      log: open.platform.log,
      uiFolder: folder,
      hostName,
    });
    const port = Number(new URL(again.origin).port);
    const answer = await send({
      address: '127.0.0.1',
      port,
      path: '/leak.js',
      method: 'GET',
      headers: { host: `${hostName}:${port}` },
      body: Buffer.alloc(0),
    });
    await again.close();
    expect(answer.status).toBe(404);
  });

  test('a UI that was not built is said so, and nothing is bound', async () => {
    const deps = { api: open.core.api, clock: open.platform.clock, log: open.platform.log, hostName };
    await expect(openPersonDoor({ ...deps, uiFolder: join(folder, 'none') })).rejects.toMatchObject({ code: 'launch_failed' });
  });
});

describe('who is answered (security rules 4 and 10)', () => {
  test('both loopback addresses, and only under the host name of this installation', async () => {
    expect((await raw('/', { address: '::1' })).status).toBe(200);
    for (const host of [
      `127.0.0.1:${portOf()}`,
      `localhost:${portOf()}`,
      `cf-ffff.localhost:${portOf()}`,
      hostName,
      `[::1]:${portOf()}`,
      'evil.example',
    ]) {
      expect((await raw('/', { headers: { host } })).status).toBe(421);
      expect((await raw('/session', { method: 'POST', headers: { host }, body: '{}' })).status).toBe(421);
    }
  });

  test.each(['http://evil.example', 'null', `http://127.0.0.1`, ''])('a request from the origin %j is refused', async (origin) => {
    expect((await raw('/session', { method: 'POST', headers: { origin }, body: '{}' })).status).toBe(403);
    expect((await raw('/call/status.get', { method: 'POST', headers: { origin }, body: '{}' })).status).toBe(403);
  });

  test('a request without an origin is refused where something could change', async () => {
    const headers = { host: new URL(door.origin).host, 'content-type': 'application/json', 'content-length': '2' };
    for (const path of ['/session', '/call/status.get', '/changes']) {
      const answer = await send({ address: '127.0.0.1', port: portOf(), path, method: 'POST', headers, body: Buffer.from('{}') });
      expect(answer.status).toBe(403);
    }
  });

  test.each([
    ['another method', '/session', { method: 'PUT', body: '{}' }, 405],
    ['GET on a call', '/call/status.get', {}, 405],
    ['a form', '/session', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' }, 415],
    ['a body that is too large', '/session', { method: 'POST', body: 'x'.repeat(97 * 1024) }, 413],
    ['a body that is not JSON', '/session', { method: 'POST', body: '{' }, 400],
    ['a path that is none', '/admin', { method: 'POST', body: '{}' }, 404],
    [
      'an embedded frame of another site',
      '/',
      { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' } },
      403,
    ],
    [
      'a link on another site to anything but the page itself',
      '/session',
      { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } },
      403,
    ],
  ] as const)('%s is refused', async (...[, path, how, status]) => {
    expect((await raw(path, how)).status).toBe(status);
  });

  test('a link elsewhere leads to the page, which holds nothing until a launch link is redeemed', async () => {
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const answer = await raw('/', { headers: link });
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

describe('the start of a session', () => {
  test('works once per link', async () => {
    const launch = launchOf(door.createLaunchUrl());
    expect(Buffer.from(launch, 'base64url')).toHaveLength(32);
    const fetch = localFetch(door.origin);
    await createHttpTransport({ base: door.origin, launch, fetch });
    await expect(createHttpTransport({ base: door.origin, launch, fetch })).rejects.toMatchObject({
      refusal: { code: 'session_unknown' },
    });
  });

  test('does not work after 60 seconds, nor with a made-up link', async () => {
    const launch = launchOf(door.createLaunchUrl());
    open.platform.clock.set(open.platform.clock.now() + 60_000);
    const fetch = localFetch(door.origin);
    for (const token of [launch, 'x', 'A'.repeat(43), '']) {
      await expect(createHttpTransport({ base: door.origin, launch: token, fetch })).rejects.toMatchObject({
        refusal: { code: 'session_unknown' },
      });
    }
  });

  test('does not live longer because the clock is set back', async () => {
    const launch = launchOf(door.createLaunchUrl());
    await open.platform.clock.advance(50_000);
    open.platform.clock.set(open.platform.clock.now() - 3_600_000);
    await open.platform.clock.advance(10_000);
    await expect(createHttpTransport({ base: door.origin, launch, fetch: localFetch(door.origin) })).rejects.toMatchObject({
      refusal: { code: 'session_unknown' },
    });
  });

  test('names the approval to open, in the fragment only', () => {
    const url = new URL(door.createLaunchUrl('approval_x' as never));
    expect(url.search).toBe('');
    expect(url.pathname).toBe('/');
    expect(new URLSearchParams(url.hash.slice(1)).get('open')).toBe('approval_x');
  });

  test.each([
    ['a private key', { d: 'A'.repeat(43) }],
    ['another curve', { crv: 'P-384' }],
    ['a point that is none', { x: 'A'.repeat(43), y: 'A'.repeat(43) }],
  ])('refuses %s', async (_what, change) => {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey);
    const body = JSON.stringify({ launch: launchOf(door.createLaunchUrl()), publicKey: { kty, crv, x, y, ...change } });
    expect((await raw('/session', { method: 'POST', body })).status).toBe(400);
  });

  test('begins a page that was not given the factor (security rule 1)', async () => {
    const { client } = await openPage();
    expect(await client.call('status.get', {})).toMatchObject({ vault: 'unlocked', unlockedHere: false });
    await client.call('vault.unlock', {}, testPassphrase);
    expect((await client.call('status.get', {})).unlockedHere).toBe(true);
    const second = await openPage();
    expect((await second.client.call('status.get', {})).unlockedHere).toBe(false);
    await expect(second.client.call('agents.resumeAll', {})).rejects.toMatchObject({ refusal: { code: 'presence_required' } });
  });
});

describe('a signed request (security rule 10)', () => {
  const codeOf = async (answer: Response) => ((await answer.json()) as { code?: string }).code;

  test('counts once: what was recorded is worth nothing', async () => {
    const sent: Sent[] = [];
    const { client } = await openPage(sent);
    await client.call('status.get', {});
    const { path, headers, body } = sent.at(-1)!;
    const replay = await send({ address: '127.0.0.1', port: portOf(), path, method: 'POST', headers, body });
    expect(replay.status).toBe(401);
    expect(await codeOf(replay)).toBe('session_signature');
  });

  test.each([
    ['another path', { path: '/call/vault.lock' }],
    ['another body', { body: Buffer.from('{"input":"{}" }') }],
    ['another number', { headers: { 'counterfoil-sequence': '99' } }],
    ['a number that is none', { headers: { 'counterfoil-sequence': '1e3' } }],
    ['no signature', { headers: { 'counterfoil-signature': '' } }],
    ['the signature of a longer text', { headers: { 'counterfoil-signature': 'A'.repeat(86) } }],
  ])('with %s is refused', async (_what, change) => {
    const sent: Sent[] = [];
    const { client } = await openPage(sent);
    await client.call('status.get', {});
    const last = sent.at(-1)!;
    const body = ('body' in change && change.body) || last.body;
    const headers = {
      ...last.headers,
      'content-length': String(body.length),
      ...('headers' in change ? change.headers : {}),
    } as Record<string, string>;
    const path = 'path' in change ? change.path : last.path;
    const answer = await send({ address: '127.0.0.1', port: portOf(), path: path ?? '', method: 'POST', headers, body });
    expect(await codeOf(answer)).toBe('session_signature');
    expect(open.core.vault.state()).toBe('unlocked');
  });

  test("of one page is not another page's", async () => {
    const sent: Sent[] = [];
    const one = await openPage();
    const two = await openPage(sent);
    await two.client.call('status.get', {});
    const { path, headers, body } = sent.at(-1)!;
    const answer = await send({
      address: '127.0.0.1',
      port: portOf(),
      path,
      method: 'POST',
      headers: { ...headers, 'counterfoil-session': one.transport.session },
      body,
    });
    expect(await codeOf(answer)).toBe('session_signature');
  });

  test('is worth nothing in a later session that somebody begins with the same public key', async () => {
    const sent: Sent[] = [];
    const { client } = await openPage(sent);
    await client.call('vault.lock', {});
    await client.call('vault.unlock', {}, testPassphrase);
    // Whoever saw the start of the session has the public key, and a link of their own.
    const { publicKey } = JSON.parse(sent[0]!.body.toString('utf8')) as { publicKey: object };
    const begun = await raw('/session', {
      method: 'POST',
      body: JSON.stringify({ launch: launchOf(door.createLaunchUrl()), publicKey }),
    });
    expect(begun.status).toBe(200);
    const { session } = (await begun.json()) as { session: string };
    for (const { path, headers, body } of sent.slice(1)) {
      const replayed = { ...headers, 'counterfoil-session': session };
      const answer = await send({ address: '127.0.0.1', port: portOf(), path, method: 'POST', headers: replayed, body });
      expect(await codeOf(answer)).toBe('session_signature');
    }
    expect(open.core.vault.state()).toBe('unlocked');
  });

  test('may overtake another', async () => {
    const { client } = await openPage();
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.call('status.get', {})));
    expect(answers).toHaveLength(20);
  });

  test('holds no passphrase, and nothing that another program on the port could use', async () => {
    const sent: Sent[] = [];
    const { client } = await openPage(sent);
    await client.call('vault.unlock', {}, testPassphrase);
    await client.call('settings.change', { approveLowRiskOnNotification: false }, testPassphrase);
    const wire = sent.map(({ path, headers, body }) => `${path} ${JSON.stringify(headers)} ${body.toString('utf8')}`).join('\n');
    for (const form of [testPassphrase, Buffer.from(testPassphrase).toString('base64url'), encodeURIComponent(testPassphrase)]) {
      expect(wire).not.toContain(form.slice(0, 16));
    }
    // The core starts again; everything that the old page ever sent is tried on it.
    await door.close();
    await open.close();
    open = await openCore();
    door = await openPersonDoor({
      api: open.core.api,
      clock: open.platform.clock,
      log: open.platform.log,
      uiFolder: folder,
      hostName,
    });
    open.core.vault.lock();
    for (const { path, headers, body } of sent) {
      const replayed = { ...headers, host: new URL(door.origin).host, origin: door.origin };
      const answer = await send({ address: '127.0.0.1', port: portOf(), path, method: 'POST', headers: replayed, body });
      expect(answer.status).toBe(401);
    }
    expect(open.core.vault.state()).toBe('locked');
  });
});

describe('change notices', () => {
  test('stream to the page, with a heartbeat, until it ends them', async () => {
    const { transport } = await openPage();
    const notices: ChangeNoticeView[] = [];
    let wake = () => {};
    const arrived = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const ended = Promise.withResolvers<void>();
    const timers = open.platform.clock.waiting;
    const stop = transport.changes(
      (notice) => {
        notices.push(notice);
        if (notice.topic === 'agents') wake();
      },
      () => ended.resolve(),
    );
    // The stream is open once the core has a timer for its heartbeat.
    for (let turn = 0; turn < 500 && open.platform.clock.waiting <= timers; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    await open.platform.clock.advance(15_000);
    open.core.agents.pauseAll();
    await arrived;
    expect(notices.map((notice) => notice.topic)).toContain('agents');
    stop();
    await ended.promise;
  });

  test('end when the core is gone, so that the page can say so', async () => {
    const { transport } = await openPage();
    const ended = Promise.withResolvers<void>();
    transport.changes(
      () => {},
      () => ended.resolve(),
    );
    await door.close();
    await ended.promise;
  });
});
