import { once } from 'node:events';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { build } from '../../resources/start/build.ts';
import { askRunningInstance } from '../../src/shell/ask-running-instance.ts';
import { send } from '../api/local-fetch.ts';
import { type HeadlessProcess, Installation, openPage } from './headless-process.ts';

const passphrase = 'freebase suffocate udder moonscape grudge';

describe.skipIf(process.platform === 'win32')('the headless shell', () => {
  let installation: Installation;

  beforeAll(() => build(), 120_000);
  beforeEach(() => {
    installation = new Installation();
  });
  afterEach(() => installation.remove());

  /** A fresh link, by the way that `counterfoil open` takes. */
  async function reopen(running: HeadlessProcess): Promise<string> {
    const { code, err } = await installation.command('open');
    expect([code, err.trim()]).toEqual([0, 'Counterfoil is open.']);
    return running.link();
  }

  it('starts on a fresh machine, prints one link, and says in its descriptor where agents find it', async () => {
    const running = await installation.start();
    const { issuer, port, pid, server_jkt: key } = installation.descriptor();
    expect(issuer).toBe(`http://127.0.0.1:${port}`);
    expect(pid).toBe(running.child.pid);
    expect(key).toBeUndefined();
    const { code, out, err } = await running.stop();
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(1);
    // Neither bus nor notifications here: that is a state, and no warning.
    expect(err.trim().split('\n')).toEqual([`Agents find Counterfoil at ${issuer}.`]);
  });

  it('keeps what it knows over a restart: host name, vault, key; and nothing secret is readable on disk', async () => {
    const first = await installation.start();
    const page = await openPage(first.firstLink);
    await page.call('vault.create', {}, passphrase);
    expect(await page.call('status.get', {})).toMatchObject({
      vault: 'unlocked',
      unlockedHere: true,
      protection: { kind: 'file' },
    });
    const { server_jkt: key } = installation.descriptor();
    expect(key).toMatch(/^[\w-]{43}$/);
    expect((await first.stop()).code).toBe(0);

    for (const file of globSync('**/*', { cwd: installation.folder })) {
      const path = join(installation.folder, file);
      const stat = statSync(path);
      expect(stat.mode & 0o077, file).toBe(0);
      if (stat.isFile()) expect(readFileSync(path).includes('suffocate'), file).toBe(false);
    }

    const second = await installation.start();
    expect(new URL(second.firstLink).hostname).toBe(new URL(first.firstLink).hostname);
    expect(installation.descriptor().server_jkt).toBe(key);
    const again = await openPage(second.firstLink);
    expect(await again.call('status.get', {})).toMatchObject({ vault: 'locked', unlockedHere: false });
    await again.call('vault.unlock', {}, passphrase);
    expect(await again.call('status.get', {})).toMatchObject({ vault: 'unlocked', unlockedHere: true });
  });

  it('opens a few windows at most, however often a program asks (security rule 29)', async () => {
    const running = await installation.start();
    const asked = await Promise.allSettled(
      Array.from({ length: 12 }, () => askRunningInstance(join(installation.runtime, 'counterfoil.sock'))),
    );
    const shown = asked.filter(({ status }) => status === 'fulfilled');
    expect(shown).toEqual(Array.from({ length: 5 }, () => ({ status: 'fulfilled', value: true })));
    expect(await installation.command('open')).toMatchObject({
      code: 1,
      err: expect.stringContaining('too many windows') as string,
    });
    expect(await installation.run(['--no-open', '--port', '0'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('too many windows') as string,
    });
    expect((await running.stop()).out.trim().split('\n')).toHaveLength(1 + shown.length);
  });

  it('is one per data folder: a second start opens the window of the first and leaves with 0', async () => {
    const first = await installation.start();
    const second = await installation.run(['--no-open', '--port', '0']);
    expect(second).toEqual({ code: 0, out: '', err: 'Counterfoil is running already; its window was opened.\n' });
    expect(await openPage(await first.link())).toBeDefined();
    expect(installation.descriptor().pid).toBe(first.child.pid);
  });

  it('a second start says so when the first does not answer', async () => {
    const first = await installation.start();
    first.child.kill('SIGSTOP');
    const second = await installation.run(['--no-open', '--port', '0']);
    first.child.kill('SIGCONT');
    expect(second.code).toBe(5);
    expect(second.err).toContain('does not answer');
  });

  it('a taken port is named with who has it, nothing is started, and the way on is said', async () => {
    const other = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, out, err } = await installation.run(['--no-open', '--port', String(port)]);
    other.close();
    expect(code).toBe(5);
    expect(out).toBe('');
    expect(err).toContain(`Port ${port} is in use by ${process.execPath} (pid ${process.pid})`);
    expect(err).toContain('--port');
    expect(existsSync(join(installation.runtime, 'server.json'))).toBe(false);
    expect(existsSync(join(installation.runtime, 'counterfoil.sock'))).toBe(false);
    await (await installation.start()).stop();
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s ends it in order: descriptor and socket are gone', async (signal) => {
    const running = await installation.start();
    const { code } = await running.stop(signal);
    expect(code).toBe(0);
    expect(existsSync(join(installation.runtime, 'server.json'))).toBe(false);
    expect(existsSync(join(installation.runtime, 'counterfoil.sock'))).toBe(false);
    expect(await installation.command('status')).toMatchObject({ code: 1, out: '' });
  });

  it('starts again after it was killed, with nothing to clean up by hand', async () => {
    const killed = await installation.start();
    await killed.stop('SIGKILL');
    expect(existsSync(join(installation.runtime, 'server.json'))).toBe(true);
    const running = await installation.start();
    expect(installation.descriptor().pid).toBe(running.child.pid);
    expect((await installation.command('status')).code).toBe(0);
  });

  it('runs under no debugger and no Node options, and says why (security rule 19)', async () => {
    const flags = ['--disable-sigusr1', '--inspect=127.0.0.1:0'];
    expect(await installation.run([], { nodeFlags: flags })).toMatchObject({
      code: 1,
      err: expect.stringContaining('--inspect') as string,
    });
    const withOptions = await installation.run([], { env: { NODE_OPTIONS: '--max-old-space-size=4096' } });
    expect(withOptions).toMatchObject({ code: 1, out: '', err: expect.stringContaining('NODE_OPTIONS') as string });
    const open = await installation.run([], { nodeFlags: [] });
    expect(open).toMatchObject({ code: 1, err: expect.stringContaining('npm start') as string });
    expect(existsSync(installation.data)).toBe(false);
  });

  it.each(['NODE_V8_COVERAGE', 'NODE_REPL_EXTERNAL_MODULE', 'NODE_PATH', 'OPENSSL_CONF', 'LD_PRELOAD', 'NODE_DEBUG'])(
    'does not run with %s, which is named (security rule 19)',
    async (name) => {
      const value = name === 'LD_PRELOAD' ? 'libm.so.6' : join(installation.folder, 'elsewhere');
      const { code, err } = await installation.run([], { env: { [name]: value } });
      expect([code, err]).toEqual([1, expect.stringContaining(`${name} is set`)]);
      expect(existsSync(installation.data)).toBe(false);
    },
  );

  it('no program of this user reads its memory where the system says so (security rule 19)', async (context) => {
    const scope = '/proc/sys/kernel/yama/ptrace_scope';
    if (process.getuid?.() === 0 || !existsSync(scope) || readFileSync(scope, 'utf8').trim() === '0') return context.skip();
    const running = await installation.start();
    expect(() => readFileSync(`/proc/${running.child.pid}/mem`)).toThrow();
  });

  it('a signal cannot open a debugger in it (security rule 19)', async () => {
    const running = await installation.start();
    const listening = (): number => globSync(`/proc/${running.child.pid}/fd/*`).length;
    const before = listening();
    running.child.kill('SIGUSR1');
    expect((await installation.command('status')).code).toBe(0);
    expect(listening()).toBe(before);
    expect((await running.stop()).err).not.toContain('Debugger');
  });

  it('answers usage without starting', async () => {
    expect(await installation.run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('--no-open') as string });
    expect(await installation.run(['--version'])).toMatchObject({ code: 0, err: '' });
    expect(await installation.run(['--nope'])).toMatchObject({ code: 2, out: '' });
    expect(existsSync(installation.data)).toBe(false);
  });

  it('lets a page on disk lead to its UI, as the window that it opens does, and to nothing else', async () => {
    const running = await installation.start();
    const { hostname, port } = new URL(await reopen(running));
    const navigate = (path: string) =>
      send({
        address: '127.0.0.1',
        port: Number(port),
        path,
        method: 'GET',
        headers: {
          host: `${hostname}:${port}`,
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
        },
        body: Buffer.alloc(0),
      });
    expect((await navigate('/')).status).toBe(200);
    expect((await navigate('/session')).status).toBe(403);
  });
});

describe.skipIf(process.platform === 'win32')('the command line and the running shell', () => {
  let installation: Installation;

  beforeAll(() => build(), 120_000);
  beforeEach(() => {
    installation = new Installation();
  });
  afterEach(() => installation.remove());

  it('reads, lowers and examines over the socket, and raises nothing (security rule 1)', async () => {
    const running = await installation.start();
    await installation.command('open');
    const page = await openPage(await running.link());
    await page.call('vault.create', {}, passphrase);

    const status = await installation.command('status', '--json');
    expect(JSON.parse(status.out)).toMatchObject({ vault: 'unlocked', unlockedHere: false });
    expect(await installation.command('grants', '--json')).toMatchObject({ code: 0, out: '[]\n' });
    expect((await installation.command('audit', '--verify')).code).toBe(0);
    expect((await installation.command('deny', 'apr_none')).code).toBe(3);
    expect((await installation.command('resume')).code).toBe(4);

    const doctor = JSON.parse((await installation.command('doctor', '--json')).out) as {
      readonly name: string;
      readonly state: string;
    }[];
    expect(Object.fromEntries(doctor.map(({ name, state }) => [name, state]))).toEqual({
      node: 'ok',
      data: 'ok',
      server: 'ok',
      key: 'ok',
      socket: 'ok',
      version: 'ok',
      keychain: 'warn',
      notifications: 'warn',
      vault: 'ok',
    });

    expect(await installation.command('lock')).toMatchObject({ code: 0, out: '', err: 'Locked.\n' });
    expect(await page.call('status.get', {})).toMatchObject({ vault: 'locked', unlockedHere: false });
  });

  it('nothing runs: each command says so, doctor says what it can', async () => {
    expect(await installation.command('status')).toMatchObject({ code: 1, err: expect.stringContaining('not running') as string });
    expect(await installation.command('open')).toMatchObject({ code: 1 });
    const doctor = await installation.command('doctor');
    expect(doctor.code).toBe(1);
    expect(doctor.out).toMatch(/server +fail/);
  });
});
