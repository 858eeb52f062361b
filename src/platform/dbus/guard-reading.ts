import type { Socket } from 'node:net';
import type { MessageBus } from '@particle/dbus-next';
import type { Log } from '../../base/log.ts';

/** The library does not tell when the bus goes away, so its socket is asked. */
export function socketOf(connection: MessageBus): Socket {
  return (connection as unknown as { readonly _connection: { readonly stream: Socket } })._connection.stream;
}

/** Messages skipped in one go before the connection is given up. */
const mostSkipped = 100;

/**
 * Keeps a message that the library cannot read from ending this process.
 *
 * @particle/dbus-next 0.11.4 throws out of the socket's event for such a message, for example a body that names a file
 * descriptor nobody sent. It has taken the message off the stream by then, so reading goes on with the next one.
 */
export function guardReading(connection: MessageBus, log: Log): void {
  const socket = socketOf(connection);
  for (const read of socket.listeners('readable') as (() => void)[]) {
    socket.off('readable', read);
    socket.on('readable', () => readGuarded(socket, read, log));
  }
}

function readGuarded(socket: Socket, read: () => void, log: Log): void {
  for (let skipped = 0; skipped < mostSkipped; skipped += 1) {
    try {
      read();
      return;
    } catch (error) {
      // security: any program on the bus may send what the library cannot read
      log.warn({ reason: String(error) }, 'a message on the session bus could not be read and was skipped');
    }
  }
  socket.destroy();
}
