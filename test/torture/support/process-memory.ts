/**
 * The memory of running processes, as a debugger of the same user sees it: everything that can be read, from `/proc`. It is
 * what gcore writes to a file, without V8's reserved addresses, for which gcore takes minutes and 9 GB. A dump by the kernel has
 * the registers of each thread as well.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { CanarySearch, Found } from './canaries.ts';

/** The process and everything that it started. */
export function processTree(root: number): readonly number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // The command stands in brackets, and may hold brackets itself.
        const [, parent] = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ');
        return [{ id: Number(name), parent: Number(parent) }];
      } catch {
        return [];
      }
    });
  const found = [root];
  for (const id of found) found.push(...parents.filter(({ parent }) => parent === id).map(({ id: child }) => child));
  return found;
}

export interface FoundInMemory extends Found {
  /** The mapping: `[heap]`, `[stack]`, a file, or nothing for memory without a name. */
  readonly mapping: string;
  /** What stands around it, for people. */
  readonly around: Buffer;
}

export interface MemorySearch {
  readonly found: readonly FoundInMemory[];
  readonly bytes: number;
}

const chunkLength = 8 * 1024 * 1024;
const pageLength = 64 * 1024;
const emptyPage = Buffer.alloc(pageLength);

/** Searches all readable memory of one process, which stands still meanwhile. */
export function searchMemory(pid: number, search: CanarySearch): MemorySearch {
  const found: FoundInMemory[] = [];
  let bytes = 0;
  process.kill(pid, 'SIGSTOP');
  const handle = openSync(`/proc/${pid}/mem`, 'r');
  try {
    const buffer = Buffer.alloc(chunkLength + search.longest);
    for (const { from, to, mapping } of readableMappings(pid)) {
      for (let start = from; start < to; start += chunkLength) {
        const length = readSync(handle, buffer, 0, Math.min(buffer.length, to - start), start);
        bytes += Math.min(length, chunkLength);
        for (const stretch of usedStretches(buffer.subarray(0, length))) {
          for (const hit of search.inBytes(buffer.subarray(stretch.from, stretch.to), start + stretch.from)) {
            const at = hit.at - start;
            if (at >= chunkLength) continue;
            found.push({ ...hit, mapping, around: Buffer.from(buffer.subarray(Math.max(0, at - 192), at + 192)) });
          }
        }
      }
    }
  } finally {
    closeSync(handle);
    process.kill(pid, 'SIGCONT');
  }
  return { found, bytes };
}

function readableMappings(pid: number): readonly { readonly from: number; readonly to: number; readonly mapping: string }[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, from = '', to = '', mapping = ''] = /^(\w+)-(\w+) r\S* \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
      // The kernel's own pages, the same for every process, cannot be read this way.
      if (from === '' || /^\[(vvar|vsyscall)/.test(mapping)) return [];
      return [{ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16), mapping }];
    });
}

/** Pages that hold anything, joined where they touch. Most of what is mapped was never written. */
function usedStretches(bytes: Buffer): readonly { readonly from: number; readonly to: number }[] {
  const stretches: { from: number; to: number }[] = [];
  for (let from = 0; from < bytes.length; from += pageLength) {
    const to = Math.min(from + pageLength, bytes.length);
    if (emptyPage.compare(bytes, from, to, 0, to - from) === 0) continue;
    const last = stretches.at(-1);
    if (last?.to === from) last.to = to;
    else stretches.push({ from, to });
  }
  return stretches;
}

/**
 * Ends the process with a core dump by the kernel and searches it. `undefined` where dumps are handed to another program.
 *
 * @param folder Where the process runs. The dump stays there.
 */
export async function searchCoreDump(
  { pid, ended }: { readonly pid: number; readonly ended: () => Promise<unknown> },
  folder: string,
  search: CanarySearch,
): Promise<readonly Found[] | undefined> {
  if (!/^core\s*$/.test(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'))) return undefined;
  execFileSync('prlimit', ['--core=unlimited', '--pid', String(pid)]);
  process.kill(pid, 'SIGABRT');
  await ended();
  const dumps = readdirSync(folder).filter((name) => /^core(\.\d+)?$/.test(name));
  if (dumps.length === 0) throw new Error('the kernel wrote no dump');
  return dumps.flatMap((name) => search.inFile(join(folder, name)));
}
