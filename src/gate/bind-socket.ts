import { chmodSync, lstatSync, rmSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { Refusal } from '../base/errors.ts';
import { type LimitedServers, limitedServers } from './limited-server.ts';

/** A bound Unix socket, or a named pipe on Windows. It answers 503 until it is told who serves. */
export type SocketListener = Pick<LimitedServers, 'serve'> & {
  /** Stops listening, ends every connection, takes the file away. */
  readonly close: () => Promise<void>;
};

/** The socket of ours that a connection came through. */
export interface OwnSocket {
  readonly path: string;
  /** Of the file that we made, decimal: whoever puts another one in its place has another inode. */
  readonly inode: string;
}

const cameThrough = new WeakMap<Socket, OwnSocket>();

/** `undefined` for a connection over TCP or a pipe. */
export function ownSocketOf(socket: Socket): OwnSocket | undefined {
  return cameThrough.get(socket);
}

/**
 * Binds a socket that only this user reaches: mode 0600 in a folder of mode 0700. What an earlier run left there is removed.
 *
 * Refuses `port_taken` when a program listens there, `launch_failed` when the folder is open to others, when something else
 * than a socket stands there, or when it cannot be bound.
 *
 * @param path Absolute; on Windows the name of a pipe.
 */
export async function bindSocket(path: string): Promise<SocketListener> {
  const isPipe = path.startsWith('\\\\');
  if (!isPipe) await makeRoom(path);
  const limited = limitedServers();
  let own: OwnSocket | undefined;
  const server = limited.create((socket) => {
    if (own !== undefined) cameThrough.set(socket, own);
  });
  await listen(server, path);
  if (!isPipe) {
    chmodSync(path, 0o600);
    own = { path, inode: String(statSync(path, { bigint: true }).ino) };
  }
  return {
    serve: limited.serve,
    async close() {
      // security: closing takes the file away by its name, and another program may have put its own there
      const isOurs = own === undefined || inodeOf(path) === own.inode;
      if (!isOurs) server.unref();
      await limited.close(isOurs ? [server] : []);
    },
  };
}

async function makeRoom(path: string): Promise<void> {
  const folder = lstatSync(dirname(path));
  // security: the folder keeps other users out, also between binding and chmod
  if (!folder.isDirectory() || (folder.mode & 0o077) !== 0) {
    throw new Refusal('launch_failed', 'The folder of the socket is open to other users.', { hint: 'Its mode must be 0700.' });
  }
  const left = lstatSync(path, { throwIfNoEntry: false });
  if (left === undefined) return;
  if (!left.isSocket()) throw new Refusal('launch_failed', 'Something that is not a socket stands where the socket belongs.');
  if (!(await isStale(path))) {
    throw new Refusal('port_taken', `Another program listens on the socket ${path}. Nothing was started.`, {
      detail: 'socket',
      hint: 'End that program, or set COUNTERFOIL_RUNTIME_DIR to another folder.',
    });
  }
  rmSync(path, { force: true });
}

/** Nobody listens on the socket any more: only then is it ours to remove. */
function isStale(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED' || error.code === 'ENOENT'));
  });
}

function inodeOf(path: string): string | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && String(stat.ino);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new Refusal('launch_failed', 'The socket could not be bound.', { cause })));
    server.listen(path, resolve);
  });
}
