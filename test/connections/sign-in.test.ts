import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { signInAsAda } from '../demo/sign-in-as-ada.ts';
import { type Bench, openConnections, signIn } from './open-connections.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openConnections();
});
afterEach(() => bench.stop());

const get = (url: string, init: RequestInit = {}) => fetch(url, { redirect: 'manual', ...init });

describe('signing in at a provider', () => {
  test('ends signed in, with the account, after one visit of the browser', async () => {
    const connection = await signIn(bench);
    expect(connection).toMatchObject({ state: 'signed_in', account: 'ada', name: 'Demo Bank', rung: 1 });
    expect(bench.connections.get(connection.id)).toEqual(connection);
    expect(bench.keep.events()).toEqual(expect.arrayContaining(['connection.added', 'connection.signed_in']));
  });

  test('pushes everything: the address in the browser carries a request_uri and nothing of the request (RFC 9126)', async () => {
    const { id } = bench.connections.add('demo');
    const { authorizationUrl, opened } = await bench.connections.beginSignIn(id);
    expect([...new URL(authorizationUrl).searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri']);
    expect(opened).toBe(true);
    expect(bench.browser.links).toEqual([authorizationUrl]);
  });

  test('a second begin while one waits opens the same page again', async () => {
    const { id } = bench.connections.add('demo');
    const [first, second] = await Promise.all([bench.connections.beginSignIn(id), bench.connections.beginSignIn(id)]);
    expect(second.authorizationUrl).toBe(first.authorizationUrl);
    expect(bench.connections.get(id).state).toBe('signing_in');
  });

  test('a cancelled sign-in is refused, and can be begun again', async () => {
    const { id } = bench.connections.add('demo');
    const { authorizationUrl } = await bench.connections.beginSignIn(id);
    await get(await signInAsAda(authorizationUrl, 'cancel'));
    await expect(bench.connections.finished(id)).rejects.toMatchObject({ code: 'sign_in_failed' });
    expect(bench.connections.get(id).state).toBe('signed_out');
    expect((await signIn(bench)).state).toBe('signed_in');
  });

  test('a sign-in that nobody finishes is over after 5 minutes, and its listener is gone', async () => {
    const { id } = bench.connections.add('demo');
    const { authorizationUrl } = await bench.connections.beginSignIn(id);
    const callback = await signInAsAda(authorizationUrl);
    await bench.keep.clock.advance(5 * 60_000);
    await expect(bench.connections.finished(id)).rejects.toMatchObject({ code: 'sign_in_failed' });
    await expect(get(callback)).rejects.toThrow();
  });

  test('nothing of the credentials is readable in the database', async () => {
    await signIn(bench);
    const rows = bench.keep.store.all<{ body: string }>('SELECT body FROM connection_credentials');
    expect(rows).toHaveLength(1);
    expect(Object.keys(JSON.parse(rows[0]?.body ?? '{}') as object)).toEqual(['sealed']);
  });

  test('a sign-in that the person withdrew is not finished by a browser that comes late', async () => {
    const { id } = bench.connections.add('demo');
    const { authorizationUrl } = await bench.connections.beginSignIn(id);
    const callback = await signInAsAda(authorizationUrl);
    const coming = get(callback).catch(() => {});
    await bench.connections.signOut(id);
    await coming;
    await expect(bench.connections.finished(id)).rejects.toMatchObject({ code: 'sign_in_failed' });
    expect(bench.connections.get(id).state).toBe('signed_out');
  });

  test('while locked nothing begins', async () => {
    const { id } = bench.connections.add('demo');
    bench.keep.vault.lock();
    await expect(bench.connections.beginSignIn(id)).rejects.toMatchObject({ code: 'vault_locked' });
  });

  test('a sign-in that comes back after the vault was locked fails and stores nothing', async () => {
    const { id } = bench.connections.add('demo');
    const { authorizationUrl } = await bench.connections.beginSignIn(id);
    const callback = await signInAsAda(authorizationUrl);
    bench.keep.vault.lock();
    await get(callback);
    await expect(bench.connections.finished(id)).rejects.toMatchObject({ code: 'vault_locked' });
    expect(bench.keep.store.all('SELECT id FROM connection_credentials')).toEqual([]);
  });
});

describe('the loopback callback (RFC 8252)', () => {
  test('strays change nothing: other path, other method, other Host, wrong or doubled state', async () => {
    const { id } = bench.connections.add('demo');
    const { authorizationUrl } = await bench.connections.beginSignIn(id);
    const callback = new URL(await signInAsAda(authorizationUrl));
    const { origin, searchParams } = callback;
    const strays: [string, RequestInit?][] = [
      [`${origin}/`],
      [`${origin}/callback/${callback.search}`],
      [`${origin}/callback`],
      [
        `${origin}/callback?${new URLSearchParams([...searchParams].map(([name, value]) => [name, name === 'state' ? 'guess' : value]))}`,
      ],
      [`${callback.href}&state=again`],
      [callback.href, { method: 'POST' }],
    ];
    for (const [url, init] of strays) expect((await get(url, init)).status).toBe(404);
    expect((await get(callback.href.replace('127.0.0.1', 'localhost')).catch(() => ({ status: 404 }))).status).toBe(404);
    expect((await get(callback.href)).status).toBe(303);
    expect((await bench.connections.finished(id)).state).toBe('signed_in');
  });

  test('is for one use, answers without content of others, and leaves no code in the history', async () => {
    const { id } = bench.connections.add('demo');
    const { authorizationUrl } = await bench.connections.beginSignIn(id);
    const callback = await signInAsAda(authorizationUrl);
    const first = await get(callback);
    expect(first.headers.get('location')).toBe('/done');
    expect((await get(callback)).status).toBe(404);
    const page = await get(new URL('/done', callback).href);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).not.toContain('script');
    await bench.connections.finished(id);
  });

  test('an answer of another issuer is refused (RFC 9207)', async () => {
    const { id } = bench.connections.add('demo');
    const { authorizationUrl } = await bench.connections.beginSignIn(id);
    const callback = new URL(await signInAsAda(authorizationUrl));
    callback.searchParams.set('iss', 'http://127.0.0.1:1');
    await get(callback.href);
    await expect(bench.connections.finished(id)).rejects.toMatchObject({ code: 'sign_in_failed' });
  });

  test('an answer without an issuer is refused when the provider announced one (RFC 9207)', async () => {
    const { id } = bench.connections.add('demo');
    const { authorizationUrl } = await bench.connections.beginSignIn(id);
    const callback = new URL(await signInAsAda(authorizationUrl));
    callback.searchParams.delete('iss');
    await get(callback.href);
    await expect(bench.connections.finished(id)).rejects.toMatchObject({ code: 'sign_in_failed' });
  });
});
