import { createServer, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { close, listen } from '../../resources/demo/listen.ts';
import { ProviderSockets } from '../../src/connections/provider-sockets.ts';
import { createUpstreamFetch } from '../../src/connections/upstream-fetch.ts';
import { createFakeClock } from '../support/fake-clock.ts';

let server: Server;
let origin: string;
let sockets: ProviderSockets;
let asked: string[];
let answerWith: (response: ServerResponse) => void;
let sends: ReturnType<typeof createUpstreamFetch>;

const sender = (...origins: readonly string[]) =>
  createUpstreamFetch({ clock: createFakeClock(), sockets, timeoutMs: 1_000, origins });

beforeEach(async () => {
  asked = [];
  answerWith = (response) => response.end('{"fine":true}');
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += String(piece);
    });
    request.on('end', () => {
      asked.push(body);
      answerWith(response);
    });
  });
  origin = await listen(server, 0);
  sockets = new ProviderSockets();
  sends = sender(origin);
});
afterEach(async () => {
  sockets.letGo();
  await close(server);
});

const get = { body: undefined, headers: {}, method: 'GET', redirect: 'manual' } as const;
const form = (fields: Record<string, string>) => ({ ...get, method: 'POST', body: new URLSearchParams(fields) });

/** Sockets that the server has open. */
const openSockets = () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));

test('nothing is sent to an origin that the connection is not bound to (security rule 9)', async () => {
  await expect(sender('http://127.0.0.1:9')(`${origin}/token`, get)).rejects.toMatchObject({ code: 'upstream_refused' });
  expect(asked).toEqual([]);
  expect((await sends(`${origin}/token`, get)).status).toBe(200);
});

describe('what a provider answers', () => {
  test('comes whole, however often the socket is used', async () => {
    const large = JSON.stringify({ text: 'ä'.repeat(100_000) });
    answerWith = (response) => response.end(large);
    for (const name of ['one', 'two', 'three']) {
      expect(await (await sends(`${origin}/token`, form({ name }))).text()).toBe(large);
    }
    expect(asked).toEqual(['name=one', 'name=two', 'name=three']);
    expect(await openSockets()).toBe(1);
  });

  test('is read once, a copy before that as well', async () => {
    const answer = await sends(`${origin}/token`, get);
    const copy = answer.clone();
    expect(await answer.json()).toEqual({ fine: true });
    expect(answer.bodyUsed).toBe(true);
    await expect(answer.text()).rejects.toThrow(TypeError);
    expect(await copy.json()).toEqual({ fine: true });
  });

  test('is refused when it is encoded unasked, or too large', async () => {
    answerWith = (response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('{}'));
    await expect(sends(`${origin}/token`, get)).rejects.toMatchObject({ code: 'upstream_refused' });
    answerWith = (response) => response.end('x'.repeat(300_000));
    await expect(sends(`${origin}/token`, get)).rejects.toMatchObject({ code: 'upstream_refused' });
  });
});

test('sockets that are let go end; one that waits for its answer gets it first (goal M1)', async () => {
  await (await sends(`${origin}/token`, get)).text();
  let late: ServerResponse | undefined;
  const arrived = new Promise<void>((resolve) => {
    answerWith = (response) => {
      late = response;
      resolve();
    };
  });
  const waiting = sends(`${origin}/token`, get);
  await arrived;
  sockets.letGo();
  late?.end('{"late":true}');
  expect(await (await waiting).json()).toEqual({ late: true });
  await expect.poll(openSockets).toBe(0);
});
