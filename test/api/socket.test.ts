import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSocketDoor, type SocketDoor } from '../../src/api/api.ts';
import { testPassphrase } from '../support/open-keep.ts';
import { send } from './local-fetch.ts';
import { type OpenCore, openCore } from './open-core.ts';

let folder: string;
let open: OpenCore;
let door: SocketDoor;
let opened: number;

const path = () => join(folder, 'core.sock');
const openDoor = () =>
  openSocketDoor({
    api: open.core.api,
    clock: open.platform.clock,
    log: open.platform.log,
    path: path(),
    onOpen: () => {
      opened += 1;
    },
  });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'counterfoil-socket-'));
  opened = 0;
  open = await openCore();
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
  await open.close();
  rmSync(folder, { recursive: true });
});

function post(target: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const bytes = Buffer.from(body);
  const all = { host: 'localhost', 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers };
  return send({ socketPath: path(), path: target, method: 'POST', headers: all, body: bytes });
}

async function begin(): Promise<string> {
  return ((await (await post('/session', '{}')).json()) as { session: string }).session;
}

async function call(session: string, operation: string, input = '{}'): Promise<unknown> {
  return (await post(`/call/${operation}`, JSON.stringify({ input }), { 'counterfoil-session': session })).json();
}

describe('the socket', () => {
  test('is reachable by this user only', () => {
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  test('reads and lowers', async () => {
    const session = await begin();
    expect(await call(session, 'status.get')).toMatchObject({ ok: true, output: { vault: 'unlocked', unlockedHere: false } });
    expect(await call(session, 'agents.pauseAll')).toMatchObject({ ok: true });
    expect(open.core.agents.paused()).toBe(true);
  });

  test('never raises, whatever is sent (security rule 1)', async () => {
    const session = await begin();
    for (const operation of ['agents.resumeAll', 'vault.unlock', 'demo.start']) {
      expect(await call(session, operation)).toMatchObject({ ok: false, refusal: { code: 'presence_required' } });
    }
    expect(open.core.agents.paused()).toBe(false);
    expect(JSON.stringify(await call(session, 'status.get'))).not.toContain(testPassphrase);
  });

  test("takes no page's session, whose id is no secret (security rules 1, 10)", async () => {
    const stolen = open.page.transport.session;
    expect((await open.page.client.call('status.get', {})).unlockedHere).toBe(true);
    for (const operation of ['status.get', 'approvals.approve', 'vault.lock']) {
      const answer = await post(`/call/${operation}`, '{"input":"{}"}', { 'counterfoil-session': stolen });
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ code: 'session_unknown' });
    }
    expect((await post('/changes', '{}', { 'counterfoil-session': stolen })).status).toBe(401);
    expect(open.core.vault.state()).toBe('unlocked');
  });

  test('opens a window and tells nothing of it', async () => {
    const answer = await post('/open', '{}');
    expect(answer.status).toBe(204);
    expect(opened).toBe(1);
  });

  test('opens a few windows in ten seconds and says so when there are more (security rule 29)', async () => {
    const statuses: number[] = [];
    for (let time = 0; time < 8; time += 1) statuses.push((await post('/open', '{}')).status);
    expect(statuses).toEqual([204, 204, 204, 204, 204, 429, 429, 429]);
    expect(opened).toBe(5);
    await open.platform.clock.advance(10_000);
    expect((await post('/open', '{}')).status).toBe(204);
  });

  test('streams notices', async () => {
    const answer = await post('/changes', '{}', { 'counterfoil-session': await begin() });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    open.core.agents.pauseAll();
    let text = '';
    for (let turn = 0; turn < 10 && !text.includes('agents'); turn += 1) text += (await reader.read()).value ?? '';
    expect(text).toContain('{"topic":"agents"}');
    await reader.cancel();
  });

  test('refuses unknown sessions, other hosts, forms and what is not there', async () => {
    expect(await call('nobody', 'status.get')).toMatchObject({ code: 'session_unknown' });
    expect((await post('/changes', '{}', { 'counterfoil-session': 'nobody' })).status).toBe(401);
    expect((await post('/session', '{}', { host: 'evil.example' })).status).toBe(421);
    expect((await post('/session', '{}', { origin: 'http://evil.example' })).status).toBe(403);
    expect((await post('/session', 'a=b', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post('/else', '{}')).status).toBe(404);
    expect((await post('/call/status.get', '{', { 'counterfoil-session': await begin() })).status).toBe(400);
  });

  test('many sessions of programs on this machine do not push out the page of the person', async () => {
    for (let count = 0; count < 100; count += 1) open.begin('socket');
    expect((await open.page.client.call('status.get', {})).unlockedHere).toBe(true);
  });
});

describe('binding', () => {
  test('takes the place of a socket that an earlier run left', async () => {
    await door.close();
    const again = await openDoor();
    await again.close();
    door = await openDoor();
    expect(await begin()).toMatch(/^session_/);
  });

  test('refuses a folder that others can enter, and a file in the place of the socket', async () => {
    await door.close();
    rmSync(path(), { force: true });
    writeFileSync(path(), '');
    await expect(openDoor()).rejects.toMatchObject({ code: 'launch_failed' });
    rmSync(path());
    chmodSync(folder, 0o755);
    await expect(openDoor()).rejects.toMatchObject({ code: 'launch_failed' });
    chmodSync(folder, 0o700);
    door = await openDoor();
  });
});
