import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventsOf, until } from '../broker/open-broker.ts';
import { as, type GatewayBench, newGrant, openGateway, problem, send } from './open-gateway.ts';

let bench: GatewayBench;
beforeEach(async () => {
  bench = await openGateway();
});
afterEach(() => bench.stop());

/** Opens a call and hands over the answer as soon as its head is there. */
function open(headers: Record<string, string>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(bench.issuer);
    const outgoing = httpRequest({ host: '127.0.0.1', port, path: '/proxy/demo/stream', headers, agent: false }, resolve);
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** An API that sends a head and leaves the rest to the test. */
async function openStream(): Promise<{ upstream: ServerResponse; answer: IncomingMessage; grant: ReturnType<typeof newGrant> }> {
  const grant = newGrant(bench);
  let upstream: ServerResponse | undefined;
  bench.api = (_request, response) => {
    upstream = response;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  };
  const answer = await open(as(grant));
  if (!upstream) throw new Error('no call came');
  return { upstream, answer, grant };
}

test('an answer streams: the first event is here while the last is not yet written', async () => {
  const { upstream, answer } = await openStream();
  let text = '';
  answer.on('data', (chunk) => {
    text += String(chunk);
  });
  await until(() => text === 'data: 1\n\n');
  upstream.write('data: 2\n\n');
  await until(() => text.endsWith('data: 2\n\n'));
  upstream.end();
  await until(() => answer.complete);
  expect(answer.headers['content-type']).toBe('text/event-stream');
});

test('a stream in flight is cut when its grant ends', async () => {
  const { upstream, answer, grant } = await openStream();
  const broken = new Promise<string>((resolve) => {
    answer.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
  answer.resume();
  bench.broker.broker.revoke(grant.id);
  expect(await broken).toBe('ECONNRESET');
  await until(() => upstream.destroyed);
  await until(() =>
    eventsOf(bench.broker, grant).some(({ event, reason }) => event === 'call.answered' && reason === 'grant_revoked'),
  );
});

test('a stream in flight is cut when the vault is locked', async () => {
  const { upstream, answer } = await openStream();
  answer.on('error', () => {});
  answer.resume();
  bench.broker.keep.vault.lock();
  await until(() => upstream.destroyed && answer.destroyed);
});

test('when the agent goes away, the provider is left too', async () => {
  const { upstream, answer, grant } = await openStream();
  answer.on('error', () => {});
  answer.destroy();
  await until(() => upstream.destroyed);
  await until(() => eventsOf(bench.broker, grant).some(({ event }) => event === 'call.answered'));
});

test('an agent that reads slowly slows the provider down', async () => {
  const { upstream, answer } = await openStream();
  answer.pause();
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let written = 0;
  let blocked = false;
  for (let turn = 0; turn < 2000 && !blocked; turn += 1) {
    if (!upstream.write(chunk)) blocked = !(await drains(upstream));
    written += chunk.length;
  }
  expect(blocked).toBe(true);
  expect(written).toBeLessThan(64 * 1024 * 1024);
  upstream.end();
  let read = 0;
  answer.on('data', (part: Buffer) => {
    read += part.length;
  });
  answer.resume();
  await until(() => answer.complete);
  expect(read).toBe(written + 'data: 1\n\n'.length);
});

/** True when the buffers empty again within some turns of the loop; then nobody is holding them back. */
async function drains(upstream: ServerResponse): Promise<boolean> {
  let drained = false;
  upstream.once('drain', () => {
    drained = true;
  });
  await until(() => drained).catch(() => {});
  return drained;
}

test('a provider that breaks off in the middle does not look like a whole answer', async () => {
  const { upstream, answer } = await openStream();
  const broken = new Promise<void>((resolve) => {
    answer.once('error', () => resolve());
  });
  answer.resume();
  upstream.destroy();
  await broken;
  expect(answer.complete).toBe(false);
});

/** Writes more than anybody reads of an answer that is not handed on, and never ends. */
function writeWithoutEnd(response: ServerResponse): void {
  for (let count = 0; count < 256; count += 1) response.write(Buffer.alloc(64 * 1024, 'x'));
}

test('a withheld answer whose body does not end is left, and the agent gets its problem', async () => {
  for (const status of [401, 403]) {
    let upstream: ServerResponse | undefined;
    bench.api = (_request, response) => {
      upstream = response;
      writeWithoutEnd(response.writeHead(status));
    };
    const answer = await send(bench, { headers: as(newGrant(bench)) });
    expect(problem(answer)).toMatchObject({ code: 'upstream_refused', upstream_status: status });
    await until(() => upstream?.destroyed === true);
  }
});

test('a wish for a nonce whose body does not end is answered all the same', async () => {
  bench.api = (_request, response) => {
    if (bench.seen.length > 1) response.writeHead(200).end('ok');
    else writeWithoutEnd(response.writeHead(401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n' }));
  };
  expect(await send(bench, { headers: as(newGrant(bench)) })).toMatchObject({ status: 200, body: 'ok' });
});

test('a withheld answer whose body does not come is waited for no longer than for an answer', async () => {
  const headSeen = new Promise<void>((resolve) => {
    const onHead = (message: unknown): void => {
      if ((message as { response: { statusCode: number } }).response.statusCode !== 401) return;
      unsubscribe('undici:request:headers', onHead);
      resolve();
    };
    subscribe('undici:request:headers', onHead);
  });
  const grant = newGrant(bench);
  bench.api = (_request, response) => void response.writeHead(401).write('x');
  const answering = send(bench, { headers: as(grant) });
  await headSeen;
  await bench.broker.keep.clock.advance(30_000);
  expect(problem(await answering)).toMatchObject({ code: 'upstream_refused', upstream_status: 401 });
  await until(() => eventsOf(bench.broker, grant).some(({ event }) => event === 'call.answered'));
});
