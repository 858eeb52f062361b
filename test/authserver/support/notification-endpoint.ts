/** Where an agent that asked for pings listens. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './held-poll.ts';

export interface ReceivedPing {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface NotificationServer {
  readonly url: string;
  readonly port: number;
  readonly received: readonly ReceivedPing[];
  /** Connections that are open now. */
  readonly open: () => number;
  /** Replaces 204 without a body. */
  answer: (response: ServerResponse, ping: ReceivedPing) => void;
  /** Resolves once so many have come. */
  readonly count: (pings: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function listenForPings({ port = 0, host = '127.0.0.1' } = {}): Promise<NotificationServer> {
  const received: ReceivedPing[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      const ping = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') };
      received.push(ping);
      receiver.answer(response, ping);
    });
  });
  const sockets = new Set<unknown>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const bound = (server.address() as AddressInfo).port;
  const receiver: NotificationServer = {
    url: `http://${host === '::1' ? '[::1]' : host}:${bound}/ciba/notice?of=planner`,
    port: bound,
    received,
    open: () => sockets.size,
    answer: (response) => response.writeHead(204).end(),
    count: (pings) => until(() => received.length >= pings),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return receiver;
}
