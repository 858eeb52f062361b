import type { ProcessEvidence } from '../process-identity.ts';
import { readAncestry } from './ancestry.ts';
import { confinementOf } from './confinement.ts';
import type { Proc } from './read-proc.ts';
import { type ReadProcess, readProcess } from './read-process.ts';
import { relayRemark } from './relays.ts';
import { findHolders } from './socket-holders.ts';
import { unknownEvidence } from './unknown.ts';
import { userNameOf } from './user-name.ts';

/** The other end of a connection, as the kernel numbers it. */
export interface PeerSocket {
  readonly inode: number;
  /** Who made it. */
  readonly uid: number;
  /** Which process connected it, where the kernel kept that: Unix sockets only. */
  readonly connectedBy?: number;
}

const shownParents = 8;
const mostArguments = 64;
const longestArgument = 1_000;

/** What `/proc` reports about one process. */
export function evidenceOfPid(proc: Proc, pid: number): ProcessEvidence {
  const process = readProcess(proc, pid);
  return process === undefined ? unknownEvidence('The process has ended.') : evidenceOf(proc, process, []);
}

/** What `/proc` reports about whoever holds a socket. */
export function evidenceOfSocket(proc: Proc, socket: PeerSocket): ProcessEvidence {
  const { pids, complete } = findHolders(proc, socket.inode, socket.uid);
  const holders = pids.map((pid) => readProcess(proc, pid)).filter((process) => process !== undefined);
  // security: rule 20. A process that let go of the socket while it was looked at is not the one at the other end.
  const still = holders.filter((holder) => holds(proc, holder, socket.inode));
  const [process, ...others] = oldestFirst(still);
  const remarks = complete ? [] : ['There are too many processes to look at all of them.'];
  if (process === undefined) {
    const name = userNameOf(socket.uid);
    return {
      ...unknownEvidence(...remarks, 'No process that we may look at holds the connection.'),
      uid: socket.uid,
      ...(name === undefined ? {} : { userName: name }),
    };
  }
  if (others.length > 0) remarks.push('More than one process holds the connection.');
  if (process.uid !== socket.uid) remarks.push('The connection was made by another user than the one who holds it.');
  const isGone = socket.connectedBy !== undefined && !still.some(({ facts }) => facts.pid === socket.connectedBy);
  if (isGone) remarks.push(`The process that made the connection (${socket.connectedBy}) does not hold it any more.`);
  const evidence = evidenceOf(proc, process, others);
  // security: rule 20, there may be a holder that was not seen, or one who only borrowed the connection
  const isSure = complete && process.uid === socket.uid && !isGone;
  return { ...(isSure ? evidence : unverified(evidence)), remarks: [...remarks, ...evidence.remarks] };
}

/** The same facts, none of which counts as verified. */
export function unverified(evidence: ProcessEvidence): ProcessEvidence {
  return evidence.process === undefined ? evidence : { ...evidence, process: { ...evidence.process, executableVerified: false } };
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
  const evidence: ProcessEvidence = {
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
    remarks: [...process.remarks, ...relayRemark(process.facts.executable)],
  };
  // security: rule 20. While all this was read the process may have ended, and its id be another's.
  const again = readProcess(proc, pid);
  const isSame = again?.facts.startTime === process.facts.startTime && again?.facts.inode === process.facts.inode;
  if (isSame) return evidence;
  return unknownEvidence('The process ended, or became another program, while it was looked at.');
}

function commandLineOf(proc: Proc, pid: number): readonly string[] {
  const text = proc.text(`${pid}/cmdline`) ?? '';
  return text
    .replace(/\0$/, '')
    .split('\0')
    .slice(0, mostArguments)
    .map((argument) => argument.slice(0, longestArgument));
}
