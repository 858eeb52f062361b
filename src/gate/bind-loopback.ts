import type { Server } from 'node:http';
import { isRefusal, Refusal } from '../base/errors.ts';
import { closeServer, limitedServers, type RequestHandler } from './limited-server.ts';

export type LoopbackHost = '127.0.0.1' | '::1';

export interface BindOptions {
  /** 0 picks a free port, one for all hosts. */
  readonly port: number;
  readonly hosts: readonly LoopbackHost[];
}

/** A bound listener. It answers 503 until it is told who serves. */
export interface Listener {
  readonly port: number;
  readonly serve: (handler: RequestHandler) => void;
  /** Stops listening and ends every open socket. */
  readonly close: () => Promise<void>;
}

/** Listeners of this process, by port. */
const ownPorts = new Map<number, number>();

const attemptsForFreePort = 20;

/**
 * Binds all hosts on one port, or none: a family left free could be taken by another program that then
 * catches half of the callers (security rule 10).
 *
 * Refuses `port_taken` when another program has it, `launch_failed` when an address cannot be bound here.
 */
export async function bindLoopback(options: BindOptions): Promise<Listener> {
  const limited = limitedServers();
  const attempts = options.port === 0 ? attemptsForFreePort : 1;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { port, servers } = await bindAll(options, () => limited.create());
      return { port, serve: limited.serve, close: owned(port, () => limited.close(servers)) };
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

/** Counts the port as ours until it is closed. */
function owned(port: number, close: () => Promise<void>): () => Promise<void> {
  ownPorts.set(port, (ownPorts.get(port) ?? 0) + 1);
  let isOpen = true;
  return () => {
    if (isOpen) ownPorts.set(port, (ownPorts.get(port) ?? 1) - 1);
    isOpen = false;
    return close();
  };
}

/** True when a listener of this process has that port now, on whatever address. */
export function isOwnPort(port: number): boolean {
  return (ownPorts.get(port) ?? 0) > 0;
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

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, ipv6Only: host === '::1', exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
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
