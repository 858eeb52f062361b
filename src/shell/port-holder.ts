import { connect } from 'node:net';
import type { ProcessIdentity } from '../platform/process-identity.ts';

/** Milliseconds for the other program to take the connection by which we look at it. */
const patience = 1000;

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
      void processes.identify(peer).then(({ process }) => {
        finish(process === undefined ? undefined : `${process.executable ?? 'a program'} (pid ${process.pid})`);
      });
    });
  });
}
