import type { Socket } from 'node:net';
import type { ProcessEvidence, ProcessIdentity } from '../platform/process-identity.ts';

/** What the system says about the process at the other end of this connection: evidence, never a permission. */
export function evidenceOfPeer(processes: ProcessIdentity, socket: Socket): Promise<ProcessEvidence> {
  const { localPort, remotePort, localAddress, remoteAddress } = socket;
  return processes.identify({
    kind: 'tcp',
    localPort: localPort ?? 0,
    remotePort: remotePort ?? 0,
    family: socket.remoteFamily === 'IPv6' ? 6 : 4,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  });
}
