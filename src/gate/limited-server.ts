import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal } from '../base/errors.ts';
import { sendProblem } from './problems.ts';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Servers of one listener: one handler, which may come later, and one set of open connections. */
export interface LimitedServers {
  /** A further server, not yet listening. */
  create(onConnection?: (socket: Socket) => void): Server;
  readonly serve: (handler: RequestHandler) => void;
  /** Stops listening and ends every open connection. */
  close(servers: readonly Server[]): Promise<void>;
}

const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
const maxHeaderBytes = 16_384;
/** Per server. A poll is held for 20 s, so as many agents as wait for the person at once each need one. */
const maxSockets = 2_048;

/** Until {@link LimitedServers.serve} is called every request is answered 503. */
export function limitedServers(): LimitedServers {
  let current: RequestHandler = notServing;
  const sockets = new Set<Socket>();
  return {
    create(onConnection = () => {}) {
      const server = createLimitedServer((request, response) => current(request, response));
      server.on('connection', (socket: Socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        onConnection(socket);
      });
      return server;
    },
    serve(handler) {
      current = handler;
    },
    async close(servers) {
      const closed = servers.map(closeServer);
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function createLimitedServer(handler: RequestHandler): Server {
  const server = createServer(
    { maxHeaderSize: maxHeaderBytes, headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, keepAliveTimeout: 5_000 },
    handler,
  );
  server.maxConnections = maxSockets;
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

/** Stops listening; open connections stay. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function notServing(_request: IncomingMessage, response: ServerResponse): void {
  sendProblem(response, new Refusal('starting', 'This program is starting.'));
}
