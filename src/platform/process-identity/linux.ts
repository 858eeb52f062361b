import type { Log } from '../../base/log.ts';
import type { Peer, ProcessEvidence, ProcessIdentity } from '../process-identity.ts';
import { findPeerRows, parseProcNet, type SocketRow } from './parse-proc-net.ts';
import { createProc, type Proc } from './read-proc.ts';
import { evidenceOfPid, evidenceOfSocket } from './socket-evidence.ts';
import { identifyUnixPeer, type UnixPeerTools, unixPeerTools } from './unix-peer.ts';
import { unknownEvidence } from './unknown.ts';

export interface LinuxProcessesOptions {
  readonly log: Log;
  /** Default `/proc`; tests bring a folder of their own. */
  readonly procRoot?: string;
  readonly unixPeerTools?: UnixPeerTools;
}

/** What `/proc` reports. Looks at once, without a thread: 10-30 ms with a few hundred processes; Unix sockets see `unix-peer.ts`. */
export function createLinuxProcesses(options: LinuxProcessesOptions): ProcessIdentity {
  const { log, procRoot = '/proc', unixPeerTools: tools = unixPeerTools } = options;
  const proc = createProc(procRoot);
  return {
    async identify(peer) {
      try {
        return peer.kind === 'unix' ? await identifyUnixPeer(proc, peer, tools) : identifyPeer(proc, peer);
      } catch (error) {
        log.error({ reason: String(error) }, 'the process at the other end could not be looked at');
        return unknownEvidence('The process at the other end could not be looked at.');
      }
    },
  };
}

/** The same for what needs no other program, on whatever stands for `/proc`. */
export function identifyPeer(proc: Proc, peer: Exclude<Peer, { kind: 'unix' }>): ProcessEvidence {
  return peer.kind === 'pid' ? evidenceOfPid(proc, peer.pid) : identifyTcp(proc, peer);
}

function identifyTcp(proc: Proc, peer: Extract<Peer, { kind: 'tcp' }>): ProcessEvidence {
  const rows = peerRows(proc, peer);
  const [row] = rows;
  if (row === undefined) return unknownEvidence('The system does not list the connection: it is closed, or comes from elsewhere.');
  if (rows.length > 1) return unknownEvidence('More than one connection fits.');
  return evidenceOfSocket(proc, row);
}

function peerRows(proc: Proc, peer: Extract<Peer, { kind: 'tcp' }>): readonly SocketRow[] {
  const [first, second] = peer.family === 4 ? (['net/tcp', 'net/tcp6'] as const) : (['net/tcp6', 'net/tcp'] as const);
  const rows = findPeerRows(parseProcNet(proc.table(first)), peer);
  const isOnlyOne = rows.length > 0 && peer.localAddress !== undefined && peer.remoteAddress !== undefined;
  // A connection over IPv4 may be made from an IPv6 socket and is listed there. One table costs 5 ms, however short.
  return isOnlyOne ? rows : [...rows, ...findPeerRows(parseProcNet(proc.table(second)), peer)];
}
