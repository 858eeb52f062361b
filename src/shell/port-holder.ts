import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Peer, ProcessIdentity } from '../platform/process-identity.ts';

/** Milliseconds until a connection is made. */
const patience = 1000;
/** How often we look who took the connection, and the milliseconds in between: until then the system knows nobody. */
const looks = 20;
const pause = 50;

/**
 * Which program listens on a loopback port, for a message to a person; `undefined` when the system does not say.
 * Connects to it and asks who holds the other end.
 */
export function describePortHolder(processes: ProcessIdentity, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: patience });
    const finish = (holder: string | undefined): void => {
      socket.destroy();
      resolve(holder);
    };
    socket.on('error', () => finish(undefined));
    socket.on('timeout', () => finish(undefined));
    socket.on('connect', () => {
      // Looking at who it is may take longer on a busy machine.
      socket.setTimeout(0);
      const peer = { kind: 'tcp', localPort: socket.localPort ?? 0, remotePort: port, family: 4 } as const;
      void nameOf(processes, peer).then(finish);
    });
  });
}

async function nameOf(processes: ProcessIdentity, peer: Peer): Promise<string | undefined> {
  for (let look = 0; look < looks; look += 1) {
    const { process } = await processes.identify(peer);
    if (process !== undefined) return `${process.executable ?? 'a program'} (pid ${process.pid})`;
    await wait(pause);
  }
  return undefined;
}
