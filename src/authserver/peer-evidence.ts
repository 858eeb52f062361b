import type { Socket } from 'node:net';
import { ownSocketOf } from '../gate/gate.ts';
import type { Peer, ProcessEvidence, ProcessIdentity } from '../platform/process-identity.ts';

/** What the system says about the process at the other end of this connection: evidence, never a permission. */
export function evidenceOfPeer(processes: ProcessIdentity, socket: Socket): Promise<ProcessEvidence> {
  return processes.identify(peerOf(socket));
}

function peerOf(socket: Socket): Peer {
  const own = ownSocketOf(socket);
  if (own !== undefined) return { kind: 'unix', descriptor: descriptorOf(socket), path: own.path };
  const { localPort, remotePort, localAddress, remoteAddress } = socket;
  return {
    kind: 'tcp',
    localPort: localPort ?? 0,
    remotePort: remotePort ?? 0,
    family: socket.remoteFamily === 'IPv6' ? 6 : 4,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  };
}

/** Node has no public name for it. -1, which nothing is known about, once the connection is closed. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: number } | null };
  return handle?.fd ?? -1;
}
