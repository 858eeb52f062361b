import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { findBrowser } from '../../src/platform/browser/find-browser.ts';
import { createSystemBrowser, type SystemBrowser } from '../../src/platform/browser/system.ts';
import { screenshot } from './screen.ts';

const secret = 'launch-secret-91c7f0';
const page = `<!doctype html><title>Counterfoil</title><h1>Counterfoil</h1>
<script>fetch('/launched', { method: 'POST', body: location.hash + ' ' + document.referrer })</script>`;

describe.skipIf(findBrowser(process.platform, process.env) === undefined)('a window of ours in a real browser', () => {
  let folder: string;
  let server: Server;
  let browser: SystemBrowser;
  let launches: string[];
  let launched: () => Promise<void>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'counterfoil-window-'));
    launches = [];
    let tell = (): void => {};
    launched = () => (launches.length > 0 ? Promise.resolve() : new Promise((resolve) => (tell = resolve)));
    server = createServer((request, response) => {
      if (request.method !== 'POST') return response.setHeader('content-type', 'text/html').end(page);
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        launches.push(body);
        tell();
      });
      return response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const uid = process.getuid?.();
    browser = createSystemBrowser({
      log: silentLog,
      platform: process.platform,
      environment: process.env,
      dataFolder: folder,
      ...(uid === undefined ? {} : { uid }),
    });
  });
  afterEach(async () => {
    await browser.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });
  const link = (): string => `http://cf-1a2b.localhost:${(server.address() as { port: number }).port}/#launch=${secret}`;
  const profiles = () => readdirSync(join(folder, 'browser'));

  test('the secret reaches the page, and no command line of the machine (security rule 10)', async () => {
    expect(await browser.openWindow(link())).toBe(true);
    await launched();
    await screenshot('test/output/desktop/window.png');
    expect(launches).toEqual([`#launch=${secret} `]);
    const lines = commandLines();
    expect(lines.some((line) => line.includes(folder))).toBe(true);
    expect(lines.filter((line) => line.includes(secret))).toEqual([]);
    const [profile = ''] = profiles();
    expect(statSync(join(folder, 'browser', profile)).mode & 0o777).toBe(0o700);
  });

  test('a second window joins the first, and stopping ends all of it', async () => {
    await browser.openWindow(link());
    await launched();
    launches.length = 0;
    expect(await browser.openWindow(link())).toBe(true);
    await launched();
    expect(profiles()).toHaveLength(1);
    await browser.stop();
    expect(profiles()).toEqual([]);
    expect(commandLines().filter((line) => line.includes(folder))).toEqual([]);
  });
});

/** The command lines of all processes that we may read. */
function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}
