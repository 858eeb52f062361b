import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** Key and certificate for 127.0.0.1, both PEM. */
export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

/** A server that speaks HTTP, or HTTPS with an identity. */
export function createDemoServer(tls?: TlsIdentity): Server {
  return tls === undefined ? createServer() : createTlsServer(tls);
}

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Binds 127.0.0.1 and returns the base URL, without a slash at the end. */
export async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return `${server instanceof TlsServer ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
