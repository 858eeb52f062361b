import type { Log } from '../../base/log.ts';
import type { Peer, ProcessEvidence, ProcessIdentity } from '../process-identity.ts';
import { readAncestry } from './ancestry.ts';
import { confinementOf } from './confinement.ts';
import { findPeerRows, parseProcNet, type SocketRow } from './parse-proc-net.ts';
import { createProc, type Proc } from './read-proc.ts';
import { type ReadProcess, readProcess } from './read-process.ts';
import { findHolders } from './socket-holders.ts';
import { unknownEvidence } from './unknown.ts';
import { userNameOf } from './user-name.ts';

export interface LinuxProcessesOptions {
  readonly log: Log;
  /** Default `/proc`; tests bring a folder of their own. */
  readonly procRoot?: string;
}

const shownParents = 8;
const mostArguments = 64;
const longestArgument = 1_000;

/** What `/proc` reports. Looks at once, without a thread: 10-30 ms with a few hundred processes. */
export function createLinuxProcesses({ log, procRoot = '/proc' }: LinuxProcessesOptions): ProcessIdentity {
  const proc = createProc(procRoot);
  return {
    async identify(peer) {
      try {
        return identifyPeer(proc, peer);
      } catch (error) {
        log.error({ reason: String(error) }, 'the process at the other end could not be looked at');
        return unknownEvidence('The process at the other end could not be looked at.');
      }
    },
  };
}

/** The same, on whatever stands for `/proc`. */
export function identifyPeer(proc: Proc, peer: Peer): ProcessEvidence {
  return peer.kind === 'pid' ? identifyPid(proc, peer.pid) : identifyTcp(proc, peer);
}

function identifyPid(proc: Proc, pid: number): ProcessEvidence {
  const process = readProcess(proc, pid);
  return process === undefined ? unknownEvidence('The process has ended.') : evidenceOf(proc, process, []);
}

function identifyTcp(proc: Proc, peer: Extract<Peer, { kind: 'tcp' }>): ProcessEvidence {
  const rows = peerRows(proc, peer);
  const [row] = rows;
  if (row === undefined) return unknownEvidence('The system does not list the connection: it is closed, or comes from elsewhere.');
  if (rows.length > 1) return unknownEvidence('More than one connection fits.');
  return identifySocket(proc, row);
}

function peerRows(proc: Proc, peer: Extract<Peer, { kind: 'tcp' }>): readonly SocketRow[] {
  const [first, second] = peer.family === 4 ? (['net/tcp', 'net/tcp6'] as const) : (['net/tcp6', 'net/tcp'] as const);
  const rows = findPeerRows(parseProcNet(proc.table(first)), peer);
  const isOnlyOne = rows.length > 0 && peer.localAddress !== undefined && peer.remoteAddress !== undefined;
  // A connection over IPv4 may be made from an IPv6 socket and is listed there. One table costs 5 ms, however short.
  return isOnlyOne ? rows : [...rows, ...findPeerRows(parseProcNet(proc.table(second)), peer)];
}

function identifySocket(proc: Proc, row: SocketRow): ProcessEvidence {
  const { pids, complete } = findHolders(proc, row.inode, row.uid);
  const holders = pids.map((pid) => readProcess(proc, pid)).filter((process) => process !== undefined);
  // security: rule 20. A process that let go of the socket while it was looked at is not the one at the other end.
  const still = holders.filter((holder) => holds(proc, holder, row.inode));
  const [process, ...others] = oldestFirst(still);
  const remarks = complete ? [] : ['There are too many processes to look at all of them.'];
  if (process === undefined) {
    const name = userNameOf(row.uid);
    return {
      ...unknownEvidence(...remarks, 'No process that we may look at holds the connection.'),
      uid: row.uid,
      ...(name === undefined ? {} : { userName: name }),
    };
  }
  if (others.length > 0) remarks.push('More than one process holds the connection.');
  if (process.uid !== row.uid) remarks.push('The connection was made by another user than the one who holds it.');
  const evidence = evidenceOf(proc, process, others);
  // security: rule 20, there may be a holder that was not seen, or one who only borrowed the connection
  const isSure = complete && process.uid === row.uid;
  const facts = isSure ? process.facts : { ...process.facts, executableVerified: false };
  return { ...evidence, process: facts, remarks: [...remarks, ...evidence.remarks] };
}

function holds(proc: Proc, { facts: { pid } }: ReadProcess, inode: number): boolean {
  return (proc.names(`${pid}/fd`) ?? []).some((descriptor) => proc.link(`${pid}/fd/${descriptor}`) === `socket:[${inode}]`);
}

/** Whoever opened the socket is older than those who inherited it: starting a well-known program with it hides nobody. */
function oldestFirst(processes: readonly ReadProcess[]): readonly ReadProcess[] {
  return processes.toSorted((one, other) => Number(BigInt(one.facts.startTime ?? 0) - BigInt(other.facts.startTime ?? 0)));
}

function evidenceOf(proc: Proc, process: ReadProcess, others: readonly ReadProcess[]): ProcessEvidence {
  const { ancestors, root } = readAncestry(proc, process);
  const { pid } = process.facts;
  const userName = userNameOf(process.uid);
  const workingDirectory = proc.link(`${pid}/cwd`);
  return {
    state: 'known',
    process: process.facts,
    parents: ancestors.slice(0, shownParents).map(({ facts }) => facts),
    root: root.facts,
    commandLine: commandLineOf(proc, pid),
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    ...(process.uid === undefined ? {} : { uid: process.uid }),
    ...(userName === undefined ? {} : { userName }),
    ownNamespaces: process.ownNamespaces,
    namespaces: process.namespaces,
    confinement: confinementOf(proc, process, ancestors),
    otherHolders: others.map(({ facts }) => facts),
    remarks: process.remarks,
  };
}

function commandLineOf(proc: Proc, pid: number): readonly string[] {
  const text = proc.text(`${pid}/cmdline`) ?? '';
  return text
    .replace(/\0$/, '')
    .split('\0')
    .slice(0, mostArguments)
    .map((argument) => argument.slice(0, longestArgument));
}
