/**
 * A program of this user takes a port: the agents' before the start, the last one of the UI before the start, and the one of the UI
 * when it has killed the core, while the person's page is still open. There it answers like the core, and keeps every byte.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { expect as expectPage } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '../../src/contract/client.ts';
import { createHttpTransport } from '../../src/contract/http-transport.ts';
import { localFetch, send } from '../api/local-fetch.ts';
import { goal } from '../torture/goal.ts';
import { openChromium, unlockIn } from './support/chromium.ts';
import { passphrase, Victim } from './support/victim.ts';

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A program that answers on both loopback addresses like the core, as far as it can, and keeps every byte. */
class Squatter {
  readonly recorded: Recorded[] = [];
  readonly #servers: Server[] = [];
  readonly #onBytes: (() => void)[] = [];
  /** Everything as it came over the wire. */
  wire = '';

  async bind(port: number): Promise<void> {
    for (const host of ['127.0.0.1', '::1']) {
      const server = createServer((request, response) => {
        void this.#record(request).then(() => {
          const [type, answer] = answerLikeTheCore(request.url ?? '');
          response.setHeader('content-type', type);
          if (answer !== undefined) response.end(answer);
          else response.write('\n');
        });
      });
      server.on('connection', (socket) => {
        socket.on('data', (data: Buffer) => {
          this.wire += data.toString('latin1');
        });
      });
      server.listen({ port, host, exclusive: true });
      await once(server, 'listening');
      this.#servers.push(server);
    }
  }

  /** Waits until something was recorded whose path begins so. */
  async until(path: string): Promise<void> {
    while (!this.recorded.some((one) => one.path.startsWith(path))) {
      await new Promise<void>((resolve) => this.#onBytes.push(resolve));
    }
  }

  async release(): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async #record(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    this.recorded.push({ method: request.method ?? '', path: request.url ?? '', headers, body: Buffer.concat(chunks) });
    for (const wake of this.#onBytes.splice(0)) wake();
  }
}

/** What keeps an old page going: a nonce for its presence, a stream that stays open, and scripts of the attacker's own. */
function answerLikeTheCore(path: string): readonly [type: string, body: string | undefined] {
  if (path.startsWith('/call/presence.begin')) {
    return ['application/json', JSON.stringify({ ok: true, output: { nonce: 'A'.repeat(43), expiresAt: Date.now() + 120_000 } })];
  }
  if (path === '/changes') return ['application/x-ndjson', undefined];
  if (path.endsWith('.js')) return ['text/javascript', 'globalThis.owned = true;'];
  return ['application/json', JSON.stringify({ ok: false, refusal: { code: 'internal', message: 'Try again.' } })];
}

/** The spellings in which a passphrase could be told. */
function spellings(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const inside = (encoding: 'base64' | 'base64url') =>
    [0, 1, 2].map((shift) =>
      Buffer.concat([Buffer.alloc(shift), bytes])
        .toString(encoding)
        .slice(4, -4),
    );
  return [
    text,
    ...text.split(' '),
    encodeURIComponent(text),
    text.replaceAll(' ', '+'),
    bytes.toString('hex'),
    Buffer.from(text, 'utf16le').toString('latin1'),
    ...inside('base64'),
    ...inside('base64url'),
    [...text].reverse().join(''),
  ];
}

let victim: Victim;
let squatter: Squatter;
beforeAll(async () => {
  victim = await Victim.begin();
});
beforeEach(async () => {
  squatter = new Squatter();
  if (victim.shell.child.exitCode !== null || victim.shell.child.signalCode !== null) await victim.start();
});
afterEach(() => squatter.release());
afterAll(() => victim.remove());

const portOf = (url: string): number => Number(new URL(url).port);

/** Sends what was recorded to the core that runs now, as it was and with its names made right. */
async function replay(recorded: readonly Recorded[], link: string): Promise<readonly number[]> {
  const { origin, host, port } = new URL(link);
  const statuses: number[] = [];
  for (const { path, method, headers, body } of recorded) {
    for (const named of [headers, { ...headers, host, ...(method === 'POST' && { origin }) }]) {
      const answer = await send({ address: '127.0.0.1', port: Number(port), path, method, headers: named, body });
      statuses.push(answer.status);
    }
  }
  return statuses;
}

describe('a port that was taken before the start (goal S4)', () => {
  let held = 0;
  afterAll(() => goal('S4', 4, 4).report(`${held} of 4 ways to take a port end refused in words, or find nothing`));

  test("the agents' port: refused at once with the name of the program that holds it, and nothing is started", async () => {
    const port = portOf(victim.issuer);
    await victim.shell.stop();
    await squatter.bind(port);
    const ended = await victim.installation.run(['--no-open', '--port', String(port)]);
    expect(ended.code).toBe(5);
    expect(ended.err).toContain(`Port ${port} is in use by`);
    expect(ended.err).toContain(`pid ${process.pid}`);
    expect(ended.err).toContain('choose another port');
    expect(ended.out).toBe('');
    // It looked who is there, and told that program nothing.
    expect(squatter.wire).toBe('');
    held += 1;
  });

  test("the agents' port on the other loopback address only: refused too, because agents that say localhost would end there", async () => {
    const port = portOf(victim.issuer);
    await victim.shell.stop();
    const server = createServer();
    server.listen({ port, host: '::1', ipv6Only: true });
    await once(server, 'listening');
    const ended = await victim.installation.run(['--no-open', '--port', String(port)]);
    await new Promise((resolve) => server.close(resolve));
    expect(ended.code).toBe(5);
    expect(ended.err).toContain(`Port ${port} is in use by`);
    held += 1;
  });

  test('the last port of the UI: the next start has another one, and sends nothing to whoever waits there', async () => {
    const before = portOf(await victim.link());
    await victim.shell.stop('SIGKILL');
    await squatter.bind(before);
    const link = await victim.start();
    expect(portOf(link)).not.toBe(before);
    expect(await victim.page.call('status.get', {})).toMatchObject({ vault: 'locked' });
    expect(squatter.wire).toBe('');
    held += 1;
  });

  test('while it runs neither of its ports can be taken on either address', async () => {
    const ports = [portOf(victim.issuer), portOf(await victim.link())];
    for (const port of ports) {
      for (const host of ['127.0.0.1', '::1', '0.0.0.0', '::']) {
        const server = createServer();
        const outcome = await new Promise((resolve) => {
          server.once('listening', () => resolve('listening')).once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
          server.listen({ port, host });
        });
        server.close();
        expect([host, outcome]).toEqual([host, 'EADDRINUSE']);
      }
    }
    held += 1;
  });
});

describe('the port of the UI when the core was killed (security rule 10)', () => {
  test('the page of the person says so, shows nothing more to type into, and asks nothing of the program that is there now', async () => {
    const browser = await openChromium();
    try {
      const page = await browser.newPage();
      const link = await victim.link();
      await page.goto(link);
      await unlockIn(page);
      await victim.shell.stop('SIGKILL');
      await squatter.bind(portOf(link));
      await expectPage(page.getByRole('heading', { name: 'Counterfoil has stopped' })).toBeVisible();
      await expectPage(page.getByText('type no passphrase into it')).toBeVisible();
      expect(await page.locator('input').count()).toBe(0);
      await page.keyboard.press('a');
      await page.evaluate(() => {
        location.hash = '#/settings';
        window.dispatchEvent(new Event('focus'));
        document.dispatchEvent(new Event('visibilitychange'));
      });
      expect(await page.evaluate(() => 'owned' in globalThis)).toBe(false);
      for (const spelling of spellings(passphrase)) expect(squatter.wire).not.toContain(spelling);
    } finally {
      await browser.close();
    }
  });

  test('a page that did not notice gives it no passphrase, runs none of its scripts, and no byte of it is taken later', async () => {
    const browser = await openChromium();
    try {
      const page = await browser.newPage();
      // The stream that would tell of the end stays silent.
      await page.route('**/changes', () => {});
      const before: Recorded[] = [];
      page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        before.push({
          method: request.method(),
          path: pathname,
          headers: request.headers(),
          body: request.postDataBuffer() ?? Buffer.of(),
        });
      });
      const link = await victim.link();
      await page.goto(link);
      await unlockIn(page);
      await page.getByRole('link', { name: /Settings/ }).click();
      await page.getByRole('button', { name: 'Turn on' }).click();
      await page.getByLabel('Your passphrase, to turn this on').fill(passphrase);

      await victim.shell.stop('SIGKILL');
      await squatter.bind(portOf(link));
      await page.keyboard.press('Enter');
      await squatter.until('/call/settings.change');
      for (const name of ['Grants', 'Agents', 'Connections', 'Audit', 'Inbox']) {
        await page.getByRole('link', { name: new RegExp(name) }).click();
        await expectPage(page.locator('#page').getByRole('heading', { name, exact: true, level: 1 })).toBeVisible();
      }
      expect(await page.evaluate(() => 'owned' in globalThis)).toBe(false);
      // Its icon may be drawn; nothing of it may run, and no style sheet of it may look at what is typed.
      expect(squatter.recorded.filter(({ headers }) => /script|style|document/.test(headers['sec-fetch-dest'] ?? ''))).toEqual([]);

      const wire = squatter.wire + squatter.recorded.map(({ body }) => body.toString('latin1')).join('\n');
      expect(wire).toContain('presence');
      for (const spelling of spellings(passphrase)) expect(wire).not.toContain(spelling);

      const newLink = await victim.start();
      const statuses = await replay(
        [...before, ...squatter.recorded].filter(({ path }) => /^\/(call|session|changes)/.test(path)),
        newLink,
      );
      expect(statuses.length).toBeGreaterThan(20);
      expect([...new Set(statuses)].filter((status) => status < 400)).toEqual([]);
      expect(await victim.page.call('status.get', {})).toMatchObject({ vault: 'locked', unlockedHere: false });
      await victim.page.call('vault.unlock', {}, passphrase);
      expect(await victim.page.call('status.get', {})).toMatchObject({ settings: { approveLowRiskOnNotification: false } });
    } finally {
      await browser.close();
    }
  });

  test('presence that it had sealed for itself is none: not for the new core, not in a session of its own', async () => {
    const link = await victim.link();
    const { origin } = new URL(link);
    const launch = new URLSearchParams(new URL(link).hash.slice(1)).get('launch') ?? '';
    const old = createClient(await createHttpTransport({ base: origin, launch, fetch: localFetch(origin) }));
    await victim.shell.stop('SIGKILL');
    await squatter.bind(portOf(link));
    await expect(old.call('vault.unlock', {}, passphrase)).rejects.toThrow();
    const unlock = squatter.recorded.find(({ path }) => path === '/call/vault.unlock');
    const { presence } = JSON.parse(unlock?.body.toString() ?? '{}') as { presence?: string };
    expect(presence?.length).toBeGreaterThan(100);

    const newLink = await victim.start();
    const newOrigin = new URL(newLink).origin;
    const own = new URLSearchParams(new URL(await victim.link()).hash.slice(1)).get('launch') ?? '';
    const thief = await createHttpTransport({ base: newOrigin, launch: own, fetch: localFetch(newOrigin) });
    const answer = await thief.call('vault.unlock', { input: '{}', presence: presence ?? '' });
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'presence_failed' } });
    expect(await victim.page.call('status.get', {})).toMatchObject({ vault: 'locked' });
  });

  test('a connection that was open when the core died is not taken over', async () => {
    const link = await victim.link();
    const socket = connect(portOf(link), '127.0.0.1');
    await once(socket, 'connect');
    const closed = new Promise<void>((resolve) => socket.on('error', () => {}).once('close', () => resolve()));
    await victim.shell.stop('SIGKILL');
    await squatter.bind(portOf(link));
    await closed;
    expect(squatter.wire).toBe('');
  });
});
