import type { ProcessFacts } from '../process-identity.ts';
import { parseStat, parseStatus } from './parse-stat.ts';
import { type FileIdentity, fileIdentity, type Proc } from './read-proc.ts';

const verifyingNamespaces = ['user', 'mnt', 'pid'] as const;
const namespaces = [...verifyingNamespaces, 'net'] as const;
const deletedEnding = ' (deleted)';

/** What was read about one process. */
export interface ReadProcess {
  readonly facts: ProcessFacts;
  readonly parentPid: number;
  readonly uid?: number;
  readonly noNewPrivileges: boolean;
  readonly seccomp: number;
  readonly ownNamespaces: boolean;
  readonly namespaces: string;
  /** Who owns the program file, when it was verified. */
  readonly programOwnerUid?: number;
  readonly remarks: readonly string[];
}

/** Reads one process; `undefined` when it is not there, or another one has taken its id meanwhile. */
export function readProcess(proc: Proc, pid: number): ReadProcess | undefined {
  const before = parseStat(proc.text(`${pid}/stat`) ?? '');
  if (before === undefined) return undefined;
  const status = parseStatus(proc.text(`${pid}/status`) ?? '');
  const foreign = namespaces.filter((name) => !isOwnNamespace(proc, pid, name));
  const image = readImage(proc, pid);
  const after = parseStat(proc.text(`${pid}/stat`) ?? '');
  // security: rule 20. A process id is used again; start time tells the processes apart.
  if (after?.startTime !== before.startTime) return undefined;

  const reachable = !verifyingNamespaces.some((name) => foreign.includes(name));
  // security: rule 20. In other namespaces the same path may be another file.
  const executableVerified = image.verified && reachable;
  return {
    facts: { pid, ...image.facts, executableVerified, startTime: before.startTime },
    parentPid: before.parentPid,
    ...status,
    ownNamespaces: foreign.length === 0,
    namespaces: namespaces.map((name) => proc.link(`${pid}/ns/${name}`) ?? `${name}:?`).join(' '),
    ...(executableVerified && image.ownerUid !== undefined ? { programOwnerUid: image.ownerUid } : {}),
    remarks: [
      ...(image.remark === undefined ? [] : [image.remark]),
      ...(foreign.length > 0
        ? [`The process runs in namespaces that are not ours or cannot be read (${foreign.join(', ')}).`]
        : []),
    ],
  };
}

interface Image {
  readonly facts: Pick<ProcessFacts, 'executable' | 'device' | 'inode'>;
  readonly verified: boolean;
  readonly ownerUid?: number;
  readonly remark?: string;
}

function readImage(proc: Proc, pid: number): Image {
  const path = proc.link(`${pid}/exe`);
  const running = fileIdentity(`${proc.root}/${pid}/exe`);
  if (path === undefined || running === undefined) {
    const facts = path === undefined ? {} : { executable: path };
    return { facts, verified: false, remark: 'The program file of the process cannot be read.' };
  }
  const facts = { executable: path, device: running.device, inode: running.inode };
  if (path.endsWith(deletedEnding)) {
    return { facts, verified: false, remark: 'The program file was deleted or replaced while the process ran.' };
  }
  if (!isSame(running, fileIdentity(path))) {
    return { facts, verified: false, remark: 'The path of the program names another file here.' };
  }
  // security: rule 20. A process may become another program between two looks, with the same id and start time.
  if (proc.link(`${pid}/exe`) !== path || !isSame(running, fileIdentity(`${proc.root}/${pid}/exe`))) {
    return { facts, verified: false, remark: 'The process became another program while it was looked at.' };
  }
  return { facts, verified: true, ownerUid: running.ownerUid };
}

function isSame(one: FileIdentity, other: FileIdentity | undefined): boolean {
  return one.device === other?.device && one.inode === other.inode;
}

function isOwnNamespace(proc: Proc, pid: number, name: string): boolean {
  const theirs = proc.link(`${pid}/ns/${name}`);
  return theirs !== undefined && theirs === proc.link(`self/ns/${name}`);
}
