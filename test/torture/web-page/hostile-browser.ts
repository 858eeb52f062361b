/**
 * Chromium with hostile pages in it. Names that end in `.example` lead to this machine, as they do after a rebinding; the
 * browser's own guard of the loopback network is off, because it is a courtesy that we do not count on.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type Browser, chromium } from '@playwright/test';
import type { Attempt, Outcome } from './in-the-page.ts';

const system = '/usr/bin/chromium';
/** As a script: a test runner rewrites `import()` in what it loads itself. */
const script = stripTypeScriptTypes(readFileSync(new URL('in-the-page.ts', import.meta.url), 'utf8')).replaceAll(/^export /gm, '');
/** Milliseconds until a request that did not come is taken for one that the browser kept back. */
const patience = 3_000;

/** A request as a listener saw it. */
export interface Seen {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Names of the answer's headers. */
  readonly answered: readonly string[];
}

/** Watches every listener of this process by the requests that it has answered; a request is known by its query. */
export class Watch {
  readonly seen = new Map<string, Seen[]>();
  readonly #waiting = new Map<string, () => void>();
  readonly #onFinish = (message: unknown): void => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const tag = new URLSearchParams(query).get('attack');
    if (tag === null) return;
    const entry: Seen = {
      port: request.socket.localPort ?? 0,
      method: request.method ?? '',
      path,
      status: response.statusCode,
      headers: request.headers,
      answered: response.getHeaderNames(),
    };
    this.seen.set(tag, [...(this.seen.get(tag) ?? []), entry]);
    this.#waiting.get(tag)?.();
  };

  constructor() {
    subscribe('http.server.response.finish', this.#onFinish);
  }

  /** Resolves when a request with this tag was answered, or after a while. */
  async arrived(tag: string): Promise<void> {
    if (this.seen.has(tag)) return;
    const late = new AbortController();
    await Promise.race([
      new Promise<void>((resolve) => this.#waiting.set(tag, resolve)),
      wait(patience, undefined, { signal: late.signal }).catch(() => {}),
    ]);
    late.abort();
  }

  stop(): void {
    unsubscribe('http.server.response.finish', this.#onFinish);
  }
}

/** A page of the attacker, by its address. Its document comes from us, whatever answers at that address. */
export async function attackFrom(
  browser: Browser,
  attack: { readonly page: string; readonly watch: Watch; readonly attempts: readonly Attempt[] },
): Promise<{ readonly outcomes: readonly Outcome[]; readonly cookies: number }> {
  const context = await browser.newContext();
  try {
    await context.exposeFunction('arrived', (tag: string) => attack.watch.arrived(tag));
    const page = await context.newPage();
    page.on('dialog', (dialog) => void dialog.dismiss());
    const address = `${attack.page}/hostile-page`;
    await page.route(address, (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<!doctype html><title>hostile</title><div id="sink"></div><script>${script}</script>`,
      }),
    );
    await page.goto(address);
    const outcomes = await page.evaluate<readonly Outcome[]>(`attackFromPage(${JSON.stringify(attack.attempts)})`);
    return { outcomes, cookies: (await context.cookies()).length };
  } finally {
    await context.close();
  }
}

export function openHostileBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(existsSync(system) && { executablePath: system }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-popup-blocking',
      '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessForNavigations',
      '--host-resolver-rules=MAP *.example 127.0.0.1',
    ],
  });
}

/** A server that defends nothing: shows that each technique would work on one. */
export async function openDefenceless(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('access-control-allow-headers', 'content-type, counterfoil-session, authorization, dpop');
    response.setHeader('access-control-allow-methods', '*, PUT, PATCH, DELETE');
    const [type, body] = bodyFor(String(request.headers['sec-fetch-dest']), request.headers.accept);
    response.setHeader('content-type', type);
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';

function bodyFor(destination: string, accept: string | undefined): readonly [string, string] {
  if (accept === 'text/event-stream') return ['text/event-stream', 'data: secret\n\n'];
  switch (destination) {
    case 'image':
      return ['image/svg+xml', svg];
    case 'script':
      return ['text/javascript', 'globalThis.secret = 1;'];
    case 'style':
      return ['text/css', 'a { color: red }'];
    default:
      return ['text/html', 'secret'];
  }
}
