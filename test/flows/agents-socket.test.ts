import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentIdentity } from '../../resources/demo/agent-identity.ts';
import type { ServerNotProven } from '../../resources/demo/pin-server.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { send } from '../api/local-fetch.ts';
import { type OpenCore, openCoreOn } from '../api/open-core.ts';
import { type MemoryPlatform, memoryPlatform } from '../support/memory-platform.ts';

type Machine = Omit<MemoryPlatform, 'clock'> & Pick<Platform, 'clock'>;
const openCore = (options: Parameters<typeof openCoreOn>[1]): Promise<OpenCore<Machine>> =>
  openCoreOn<Machine>({ ...memoryPlatform(), clock: systemClock }, options as object);

describe.skipIf(process.platform === 'win32')("the agents' Unix socket", () => {
  let folder: string;
  let socket: string;
  let open: OpenCore<Machine>;
  let others: { close(): unknown }[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'counterfoil-agents-'));
    socket = join(folder, 'agents.sock');
    open = await openCore({ agentSocket: socket });
    others = [];
  });
  afterEach(async () => {
    for (const other of others) await other.close();
    await open.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const host = (): string => new URL(open.core.issuer).host;
  const get = (path: string, headers: Readonly<Record<string, string>>) =>
    send({ socketPath: socket, path, method: 'GET', headers, body: Buffer.alloc(0) });
  const connect = (state: string) =>
    new AgentIdentity(join(folder, state)).connect({ issuer: open.core.issuer, socket }).then(
      ({ isNew }) => (isNew ? 'registered' : 'known'),
      (error: unknown) => reasonOf(error),
    );

  test('has the same doors, and the evidence is asked of the socket', async () => {
    expect(await connect('one')).toBe('registered');
    expect(open.core.agents.list()).toHaveLength(1);
    expect(open.platform.processes.asked).toEqual([{ kind: 'unix', descriptor: expect.any(Number) as number, path: socket }]);
    expect((await get('/proxy/demo/accounts', { host: host() })).status).toBe(401);
  });

  test.each(['localhost', 'agents.sock', '', '127.0.0.1'])('takes no other Host than the issuer’s, as %s', async (name) => {
    expect((await get('/.well-known/oauth-authorization-server', { host: name })).status).toBe(421);
  });

  test('proves itself for this socket only: a program in its place cannot pass on what it is told (goal S4)', async () => {
    expect(await connect('one')).toBe('registered');
    renameSync(socket, `${socket}.moved`);
    const relay = (target: object) =>
      createServer((asked, response) => {
        asked.pipe(
          request({ ...target, path: asked.url, method: asked.method, headers: asked.headers }, (answer) => {
            response.writeHead(answer.statusCode ?? 0, answer.headers);
            answer.pipe(response);
          }),
        );
      });
    for (const target of [{ host: '127.0.0.1', port: new URL(open.core.issuer).port }, { socketPath: `${socket}.moved` }]) {
      const squatter = relay(target);
      await new Promise<void>((resolve) => squatter.listen(socket, resolve));
      expect(await connect('one')).toBe('no-proof');
      squatter.closeAllConnections();
      await new Promise((resolve) => squatter.close(resolve));
    }
    renameSync(`${socket}.moved`, socket);
  });

  test('is gone after the end, and the next run takes the place of what a killed one left', async () => {
    await open.core.stop();
    expect(existsSync(socket)).toBe(false);
  });

  test('taken by another program: nothing is started, and the port is free again (goal S4)', async () => {
    const other = join(folder, 'other.sock');
    const squatter: Server = createTcpServer((peer) => peer.on('error', () => {}).end());
    await new Promise<void>((resolve) => squatter.listen(other, resolve));
    others.push({ close: () => new Promise((resolve) => squatter.close(resolve)) });
    const port = Number(new URL(open.core.issuer).port);
    await open.core.stop();
    await expect(openCore({ agentSocket: other, agentPort: port })).rejects.toMatchObject({ code: 'port_taken' });
    const again = await openCore({ agentPort: port });
    expect(again.core.issuer).toBe(open.core.issuer);
    await again.close();
  });
});

function reasonOf(error: unknown): string {
  const { reason, cause } = error as Partial<ServerNotProven> & { readonly cause?: unknown };
  if (reason !== undefined) return reason;
  return cause === undefined ? String(error) : reasonOf(cause);
}
