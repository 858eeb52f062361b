import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';

interface CallbackDeps {
  readonly clock: Clock;
  /** The `state` of the request that is waited for. */
  readonly state: string;
}

/** Waits for one browser to come back from a provider. */
export interface CallbackListener {
  /** `http://127.0.0.1:<port>/callback` */
  readonly redirectUri: string;
  /** The address that the browser came with, as it came: nothing but `state` is checked. Refuses `sign_in_failed` after 5 minutes. */
  readonly received: Promise<URL>;
  stop(): void;
}

const path = '/callback';
const lifetimeMs = 5 * 60_000;
/** How long the page "you may close this" can still be fetched. */
const afterwardsMs = 10_000;
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  connection: 'close',
};
const page =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Back to Counterfoil</title>' +
  '<p>Counterfoil has the answer. You can close this page.</p></html>';

/**
 * Opens a listener on 127.0.0.1, on a random port, for one sign-in. Anything but a GET of the exact path with the right
 * `state` and the right Host is a stray and changes nothing; a second callback is one too.
 * @see RFC 8252, sections 7.3 and 8.3
 */
export async function listenForCallback({ clock, state }: CallbackDeps): Promise<CallbackListener> {
  const server = createServer();
  const redirectUri = `${await bind(server)}${path}`;
  let accept: (url: URL) => void = () => {};
  let refuse: (error: Refusal) => void = () => {};
  const received = new Promise<URL>((resolve, reject) => {
    [accept, refuse] = [resolve, reject];
  });
  received.catch(() => {});
  let over = false;
  let cancelTimer = (): void => {};
  const stop = (): void => {
    cancelTimer();
    server.close();
    server.closeAllConnections();
    refuse(new Refusal('sign_in_failed', 'The sign-in was not finished in time.', { hint: 'Start it again.' }));
  };
  cancelTimer = clock.after(lifetimeMs, stop);
  server.on('request', (request, response) => {
    const url = over ? undefined : matchingCallback(request, redirectUri, state);
    if (!url) return answerOther(request, response, over);
    over = true;
    cancelTimer();
    cancelTimer = clock.after(afterwardsMs, stop);
    // The code leaves the address bar and the history with this redirect.
    response.writeHead(303, { ...headers, location: '/done' }).end();
    accept(url);
  });
  return { redirectUri, received, stop };
}

async function bind(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function matchingCallback(request: IncomingMessage, redirectUri: string, state: string): URL | undefined {
  const { origin, host } = new URL(redirectUri);
  if (request.method !== 'GET' || request.headers.host !== host) return undefined;
  const url = request.url?.startsWith('/') ? URL.parse(`${origin}${request.url}`) : null;
  if (!url || `${url.origin}${url.pathname}` !== redirectUri) return undefined;
  const states = url.searchParams.getAll('state');
  const [given = ''] = states;
  return states.length === 1 && isEqual(given, state) ? url : undefined;
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function answerOther(request: IncomingMessage, response: ServerResponse, over: boolean): void {
  if (over && request.method === 'GET' && request.url === '/done') response.writeHead(200, headers).end(page);
  else response.writeHead(404, headers).end();
}
