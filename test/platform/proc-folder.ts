import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One process of a made-up `/proc`. */
export interface MadeUpProcess {
  readonly pid: number;
  readonly parentPid?: number;
  readonly startTime?: number;
  readonly uid?: number;
  /** What `exe` leads to; nothing at all by default. */
  readonly executable?: string;
  readonly sockets?: readonly number[];
  readonly commandLine?: readonly string[];
  /** Other namespaces than ours, by name. */
  readonly foreign?: readonly string[];
  readonly controlGroup?: string;
  readonly status?: string;
}

export interface ProcFolder {
  readonly root: string;
  add(process: MadeUpProcess): void;
  /** Rows of `net/tcp`: peer's port, our port, uid, inode; further fields as given. */
  connect(table: 'tcp' | 'tcp6', rows: readonly string[]): void;
  remove(): void;
}

const names = ['user', 'mnt', 'pid', 'net'];

/** A folder that looks like `/proc`, for what the real one cannot show on demand. */
export function makeProcFolder(): ProcFolder {
  const root = mkdtempSync(join(tmpdir(), 'counterfoil-proc-'));
  const addNamespaces = (folder: string, foreign: readonly string[] = []): void => {
    mkdirSync(join(folder, 'ns'), { recursive: true });
    for (const name of names) symlinkSync(`${name}:[${foreign.includes(name) ? 2 : 1}]`, join(folder, 'ns', name));
  };
  addNamespaces(join(root, 'self'));
  mkdirSync(join(root, 'net'));
  return {
    root,
    add(process) {
      const folder = join(root, String(process.pid));
      mkdirSync(join(folder, 'fd'), { recursive: true });
      const { parentPid = 1, startTime = 1000 + process.pid, uid = 1000 } = process;
      const between = Array.from({ length: 17 }, () => '0').join(' ');
      writeFileSync(join(folder, 'stat'), `${process.pid} (a (b) c) S ${parentPid} ${between} ${startTime} 0 0\n`);
      writeFileSync(join(folder, 'status'), `Name:\ta\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n${process.status ?? ''}`);
      writeFileSync(join(folder, 'cmdline'), (process.commandLine ?? []).map((argument) => `${argument}\0`).join(''));
      writeFileSync(join(folder, 'cgroup'), process.controlGroup ?? '0::/user.slice\n');
      symlinkSync('/somewhere', join(folder, 'cwd'));
      if (process.executable !== undefined) symlinkSync(process.executable, join(folder, 'exe'));
      for (const inode of process.sockets ?? []) symlinkSync(`socket:[${inode}]`, join(folder, 'fd', String(inode)));
      addNamespaces(folder, process.foreign);
    },
    connect(table, rows) {
      writeFileSync(join(root, 'net', table), ['  sl  local_address rem_address   st', ...rows, ''].join('\n'));
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
