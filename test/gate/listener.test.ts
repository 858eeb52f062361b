import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Refusal, refusalCodes } from '../../src/base/errors.ts';
import type { BindOptions, Listener } from '../../src/gate/gate.ts';
import { bindLoopback, problemOf, readBody, sendProblem } from '../../src/gate/gate.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function bind(options: BindOptions): Promise<Listener> {
  const listener = await bindLoopback(options);
  open.push(listener);
  return listener;
}

const refusalOf = async (act: Promise<unknown>): Promise<Refusal> => {
  const error = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Refusal) return error;
  throw new Error(`no refusal: ${String(error)}`);
};

describe('a listener', () => {
  test('has one port for both address families (security rule 10)', async () => {
    const { port, serve } = await bind({ port: 0, hosts: ['127.0.0.1', '::1'] });
    serve((_request, response) => response.end('here'));
    for (const host of ['127.0.0.1', '[::1]']) expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe('here');
  });

  test.each(['127.0.0.1', '::1'] as const)('is not bound at all when %s is taken (security rule 10)', async (taken) => {
    const squatter = createServer().listen(0, taken);
    open.push(squatter);
    await new Promise((resolve) => squatter.once('listening', resolve));
    const { port } = squatter.address() as { port: number };
    const refusal = await refusalOf(bindLoopback({ port, hosts: ['127.0.0.1', '::1'] }));
    expect(refusal.code).toBe('port_taken');
    expect(refusal.message).toContain(String(port));
    const other = taken === '::1' ? '127.0.0.1' : '[::1]';
    await expect(fetch(`http://${other}:${port}/`)).rejects.toThrow();
  });

  test('answers 503 until it is told who serves', async () => {
    const { port } = await bind({ port: 0, hosts: ['127.0.0.1'] });
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  test('ends open connections when it closes', async () => {
    const listener = await bind({ port: 0, hosts: ['127.0.0.1'] });
    const socket = connect(listener.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await listener.close();
    await closed;
  });

  test('refuses headers over 16 KiB', async () => {
    const { port, serve } = await bind({ port: 0, hosts: ['127.0.0.1'] });
    serve((_request, response) => response.end());
    expect((await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-long': 'x'.repeat(17_000) } })).status).toBe(431);
  });

  test('says nothing about what it is', async () => {
    const { port, serve } = await bind({ port: 0, hosts: ['127.0.0.1'] });
    serve((_request, response) => sendProblem(response, new Refusal('not_found', 'Nothing.')));
    const { headers } = await fetch(`http://127.0.0.1:${port}/`);
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringContaining("default-src 'none'") as string,
    });
  });
});

describe('a problem (RFC 9457)', () => {
  test.each(refusalCodes)('for %s has a type, a title and a status', (code) => {
    const problem = problemOf(new Refusal(code, 'Words.', { hint: 'Do this.' }));
    expect(problem).toMatchObject({ type: `urn:counterfoil:problem:${code}`, detail: 'Words.', code, hint: 'Do this.' });
    expect(problem.status).toBeGreaterThanOrEqual(400);
    expect(problem.title.length).toBeGreaterThan(3);
  });

  test('carries its own members and none that replaces a standard one', () => {
    const problem = problemOf(
      new Refusal('call_not_covered', 'Words.', { members: { required_details: [1], status: 200, error: 'x', code: 'x' } }),
    );
    expect(problem).toMatchObject({ required_details: [1], status: 403, code: 'call_not_covered' });
  });

  test('says nothing of a bug', () => {
    expect(JSON.stringify(problemOf(new Error('secret path /home/person')))).not.toContain('secret');
  });

  test('keeps the detail of a refusal to itself', () => {
    expect(JSON.stringify(problemOf(new Refusal('internal', 'Words.', { detail: 'for the log' })))).not.toContain('for the log');
  });

  test('names the wait in the header and in the body', async () => {
    const { port, serve } = await bind({ port: 0, hosts: ['127.0.0.1'] });
    serve((_request, response) => sendProblem(response, new Refusal('rate_limited', 'Slower.', { retryAfterSeconds: 1.2 })));
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(await answer.json()).toMatchObject({ retry_after: 2, status: 429 });
  });

  test('has no body for HEAD', async () => {
    const { port, serve } = await bind({ port: 0, hosts: ['127.0.0.1'] });
    serve((_request, response) => sendProblem(response, new Refusal('not_found', 'Nothing.')));
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toBe('');
  });

  test('after half an answer cuts the connection', async () => {
    const { port, serve } = await bind({ port: 0, hosts: ['127.0.0.1'] });
    serve((_request, response) => {
      response.write('half');
      sendProblem(response, new Error('bug'));
    });
    await expect(fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text())).rejects.toThrow();
  });
});

describe('a body', () => {
  const clock = createFakeClock();

  async function bodyServer(): Promise<{ port: number; outcomes: Promise<string> }> {
    const { port, serve } = await bind({ port: 0, hosts: ['127.0.0.1'] });
    const outcomes = new Promise<string>((resolve) => {
      serve((request, response) => {
        readBody(request, { maxBytes: 8, timeoutMs: 1_000, clock }).then(
          (body) => {
            response.end();
            resolve(body.toString());
          },
          (error: unknown) => {
            sendProblem(response, error);
            resolve(error instanceof Refusal ? error.code : String(error));
          },
        );
      });
    });
    return { port, outcomes };
  }

  test('is read whole', async () => {
    const { port, outcomes } = await bodyServer();
    await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '12345678' });
    expect(await outcomes).toBe('12345678');
  });

  test('over the limit is refused while it comes', async () => {
    const { port, outcomes } = await bodyServer();
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '123456789' });
    expect(answer.status).toBe(413);
    expect(await outcomes).toBe('too_large');
  });

  test.each([
    ['does not come in time', async () => clock.advance(1_000)],
    ['breaks off', async (socket: { destroy(): void }) => socket.destroy()],
  ])('that %s is refused', async (_what, interrupt) => {
    const { port, outcomes } = await bodyServer();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    open.push({ close: () => socket.destroy() });
    await new Promise<void>((resolve) =>
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab', () => resolve()),
    );
    for (let turn = 0; turn < 500 && clock.waiting === 0; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await interrupt(socket);
    expect(await outcomes).toBe('invalid_input');
  });
});
