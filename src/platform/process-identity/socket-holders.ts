import process from 'node:process';
import { fileIdentity, type Proc } from './read-proc.ts';

export interface Holders {
  readonly pids: readonly number[];
  /** False when some processes could not be looked at. */
  readonly complete: boolean;
}

/** File descriptors looked at for one question, over all processes. */
const mostDescriptors = 60_000;

/**
 * Every process that holds the socket, those of `uid` looked at first. Processes of other users cannot be read
 * without privileges; that does not make the answer incomplete, because `uid` made the socket.
 */
export function findHolders(proc: Proc, inode: number, uid: number): Holders {
  const wanted = `socket:[${inode}]`;
  const pids: number[] = [];
  let left = mostDescriptors;
  for (const pid of processesOfFirst(proc, uid)) {
    const descriptors = proc.names(`${pid}/fd`) ?? [];
    left -= descriptors.length;
    if (left < 0) return { pids, complete: false };
    if (descriptors.some((descriptor) => proc.link(`${pid}/fd/${descriptor}`) === wanted)) pids.push(pid);
  }
  return { pids, complete: true };
}

function processesOfFirst(proc: Proc, uid: number): readonly number[] {
  const all = (proc.names('') ?? [])
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({
      pid: Number(name),
      owner: fileIdentity(`${proc.root}/${name}`)?.ownerUid,
    }));
  const own = process.getuid?.();
  // Asking in vain costs more than an answer.
  const readable = all.filter(({ owner }) => own === 0 || owner === own);
  const isTheirs = ({ owner }: { owner: number | undefined }): boolean => owner === uid;
  return [...readable.filter(isTheirs), ...readable.filter((one) => !isTheirs(one))].map(({ pid }) => pid);
}
