import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { isRefusal, Refusal } from '../base/errors.ts';
import { sendProblem } from './problems.ts';

export type LoopbackHost = '127.0.0.1' | '::1';

export interface BindOptions {
  /** 0 picks a free port, one for all hosts. */
  readonly port: number;
  readonly hosts: readonly LoopbackHost[];
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A bound listener. It answers 503 until it is told who serves. */
export interface Listener {
  readonly port: number;
  readonly serve: (handler: RequestHandler) => void;
  /** Stops listening and ends every open socket. */
  readonly close: () => Promise<void>;
}

const attemptsForFreePort = 20;
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
const maxHeaderBytes = 16_384;
const maxSockets = 256;

/**
 * Binds all hosts on one port, or none: a family left free could be taken by another program that then
 * catches half of the callers (security rule 10).
 *
 * Refuses `port_taken` when another program has it, `launch_failed` when an address cannot be bound here.
 */
export async function bindLoopback(options: BindOptions): Promise<Listener> {
  const state: { handler: RequestHandler } = { handler: notServing };
  const sockets = new Set<Socket>();
  const attempts = options.port === 0 ? attemptsForFreePort : 1;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const bound = await bindAll(options, () => createLimitedServer(state, sockets));
      return listenerOf(bound, state, sockets);
    } catch (error) {
      const taken = codeOf(error) === 'EADDRINUSE';
      if (!taken || attempt === attempts) throw refusalFor(error, options.port);
    }
  }
}

/**
 * Binds a port on both loopback addresses or neither, except on a machine that has no IPv6: there nobody else can take the
 * other one. Refuses as {@link bindLoopback} does.
 */
export async function bindBothLoopbacks(port: number): Promise<Listener> {
  try {
    return await bindLoopback({ port, hosts: ['127.0.0.1', '::1'] });
  } catch (error) {
    const absent = isRefusal(error, 'launch_failed') && (error.detail === 'EADDRNOTAVAIL' || error.detail === 'EAFNOSUPPORT');
    if (!absent) throw error;
    return bindLoopback({ port, hosts: ['127.0.0.1'] });
  }
}

async function bindAll(options: BindOptions, create: () => Server): Promise<{ port: number; servers: readonly Server[] }> {
  const servers: Server[] = [];
  let port = options.port;
  try {
    for (const host of options.hosts) {
      const server = create();
      await listen(server, port, host);
      servers.push(server);
      port = portOf(server);
    }
    return { port, servers };
  } catch (error) {
    // security: both or neither
    await Promise.all(servers.map(closeServer));
    throw error;
  }
}

function createLimitedServer(state: { readonly handler: RequestHandler }, sockets: Set<Socket>): Server {
  const server = createServer(
    { maxHeaderSize: maxHeaderBytes, headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, keepAliveTimeout: 5_000 },
    (request, response) => state.handler(request, response),
  );
  server.maxConnections = maxSockets;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nCache-Control: no-store\r\n\r\n`);
  });
  return server;
}

function listenerOf(
  bound: { readonly port: number; readonly servers: readonly Server[] },
  state: { handler: RequestHandler },
  sockets: ReadonlySet<Socket>,
): Listener {
  return {
    port: bound.port,
    serve(handler) {
      state.handler = handler;
    },
    async close() {
      const closed = bound.servers.map(closeServer);
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function notServing(_request: IncomingMessage, response: ServerResponse): void {
  sendProblem(response, new Refusal('store_failed', 'Starting.', { retryAfterSeconds: 1 }));
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, ipv6Only: host === '::1', exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a loopback listener has a port');
  return address.port;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function refusalFor(error: unknown, port: number): Refusal {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    return new Refusal('port_taken', `Port ${port} is in use by another program. Nothing was started.`, {
      hint: 'End the program that holds the port, or choose another port in the configuration.',
      cause: error,
    });
  }
  const why =
    code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' ? 'this machine has no such loopback address' : 'the system refused';
  return new Refusal('launch_failed', `The local listener could not be bound: ${why}.`, { detail: code ?? '', cause: error });
}
