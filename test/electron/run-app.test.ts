import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channels } from '../../electron/channels.ts';
import type { ElectronParts } from '../../electron/electron-api.ts';
import { runApp } from '../../electron/run-app.ts';
import { createClient } from '../../src/contract/client.ts';
import type { CallAnswer, SessionView } from '../../src/contract/presence.ts';
import { fromBase64Url } from '../../src/contract/seal-presence.ts';
import { AppDouble, fromPage, IpcDouble, SessionDouble, WindowDouble } from './electron-double.ts';

/** Electron as a double, everything behind it real: the core, its database, its listener. */
class AppUnderTest {
  readonly app = new AppDouble();
  readonly ipc = new IpcDouble();
  readonly session = new SessionDouble();
  readonly windows: WindowDouble[] = [];
  readonly errors: string[] = [];
  readonly said: string[] = [];
  readonly exit: Promise<number>;

  constructor(folder: string, port = 0) {
    const electron: ElectronParts = {
      app: this.app,
      ipc: this.ipc,
      isNoticeSupported: () => false,
      createNotice: () => {
        throw new Error('not on Linux');
      },
      createTray: () => {
        throw new Error('not on Linux');
      },
      createWindow: () => {
        this.windows.push(new WindowDouble());
        return this.windows.at(-1) as WindowDouble;
      },
      openExternal: async () => {},
      showError: (_title, text) => this.errors.push(text),
      uiSession: () => this.session,
    };
    this.exit = runApp({
      electron,
      options: { opensUi: true, port },
      environment: { COUNTERFOIL_DATA_DIR: join(folder, 'data'), COUNTERFOIL_RUNTIME_DIR: join(folder, 'run') },
      uiFolder: folder,
      err: (line) => this.said.push(line),
    });
  }

  /** Resolves once the window shows a page. */
  async opened(): Promise<string> {
    for (let tries = 0; tries < 500; tries += 1) {
      const load = this.windows[0]?.done.find((entry) => entry.startsWith('load '));
      if (load !== undefined) return new URL(load.slice('load '.length)).origin;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`no window: ${this.errors.join(' ')}`);
  }

  quit(): Promise<number> {
    expect(this.app.isPrevented('before-quit')).toBe(true);
    return this.exit;
  }
}

describe.skipIf(process.platform !== 'linux')('the app', () => {
  let folder = '';
  const busAddress = process.env['DBUS_SESSION_BUS_ADDRESS'];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cf-app-'));
    // The person's own keychain is not for tests: without a bus the file takes its place.
    process.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nowhere';
  });
  afterEach(() => {
    if (busAddress === undefined) delete process.env['DBUS_SESSION_BUS_ADDRESS'];
    else process.env['DBUS_SESSION_BUS_ADDRESS'] = busAddress;
    rmSync(folder, { recursive: true, force: true });
  });

  it('starts sandboxed, serves its own origin, answers its window over IPC, and quits in order', async () => {
    const app = new AppUnderTest(folder);
    const origin = await app.opened();
    expect(app.app.done).toEqual(['sandbox', `userData ${join(folder, 'data/electron')}`, 'ready']);
    expect(origin).toMatch(/^http:\/\/cf-[\da-f]{32}\.localhost$/);
    expect(app.session.isCancelled('https://example.com/')).toBe(true);
    expect(app.session.isCancelled(`${origin}/`)).toBe(false);

    const sender = app.windows[0]?.webContents;
    if (sender === undefined) throw new Error('no window');
    const event = fromPage(sender, origin);
    const { session, coreKey } = (await app.ipc.invoke(channels.begin, event)) as SessionView;
    const client = createClient({
      session,
      coreKey: fromBase64Url(coreKey),
      call: async (operation, envelope) => (await app.ipc.invoke(channels.call, event, session, operation, envelope)) as CallAnswer,
      changes: () => () => {},
    });
    expect(await client.call('status.get', {})).toMatchObject({ vault: 'absent', protection: { kind: 'file' } });
    await expect(client.call('agents.resumeAll', {})).rejects.toMatchObject({ refusal: { code: expect.any(String) as string } });

    expect(await app.quit()).toBe(0);
  });

  it('is one per data folder: a second start opens the window of the first', async () => {
    const first = new AppUnderTest(folder);
    await first.opened();
    const second = new AppUnderTest(folder);
    expect(await second.exit).toBe(0);
    expect(second.windows).toEqual([]);
    expect(second.said.join('')).toContain('running already');
    expect(first.windows[0]?.done.slice(-2)).toEqual(['show', 'focus']);
    await first.quit();
  });

  it('says in a box that its port is taken, leaves with 5, and leaves nothing behind', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const app = new AppUnderTest(folder, port);
    expect(await app.exit).toBe(5);
    expect(app.errors[0]).toContain(`Port ${port} is in use`);
    expect(app.windows).toEqual([]);
    expect(() => readFileSync(join(folder, 'run/server.json'))).toThrow();
    other.close();
    await once(other, 'close');
    const again = new AppUnderTest(folder);
    await again.opened();
    expect(await again.quit()).toBe(0);
  });
});
