import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProc, type Proc } from '../../src/platform/process-identity/read-proc.ts';
import { readProcess } from '../../src/platform/process-identity/read-process.ts';
import { findHolders } from '../../src/platform/process-identity/socket-holders.ts';
import { makeProcFolder, type ProcFolder } from './proc-folder.ts';

describe.skipIf(process.platform === 'win32')('a process that changes while it is looked at', () => {
  let folder: ProcFolder;
  let programs: string;
  let program: string;

  beforeEach(() => {
    folder = makeProcFolder();
    programs = mkdtempSync(join(tmpdir(), 'counterfoil-programs-'));
    program = join(programs, 'agent');
    writeFileSync(program, 'program');
    folder.add({ pid: 8123, executable: program, startTime: 77, sockets: [5] });
  });
  afterEach(() => {
    folder.remove();
    rmSync(programs, { recursive: true, force: true });
  });

  /** `/proc`, in which what is read at one path changes after the first time. */
  function changing(kind: 'text' | 'link', path: string, change: (before: string) => string): Proc {
    const proc = createProc(folder.root);
    let times = 0;
    const read = (asked: string): string | undefined => {
      const found = proc[kind](asked);
      if (asked !== path || found === undefined) return found;
      times += 1;
      return times === 1 ? found : change(found);
    };
    return { ...proc, [kind]: read };
  }

  test('is read whole when nothing changes', () => {
    expect(readProcess(createProc(folder.root), 8123)?.facts).toMatchObject({ executableVerified: true, startTime: '77' });
  });

  test('is nobody when its number was given to another process (security rule 20)', () => {
    const proc = changing('text', '8123/stat', (line) => line.replace(' 77 ', ' 78 '));
    expect(readProcess(proc, 8123)).toBeUndefined();
  });

  test('is not verified when it became another program (security rule 20)', () => {
    const proc = changing('link', '8123/exe', () => '/usr/bin/git');
    const found = readProcess(proc, 8123);
    expect(found?.facts).toMatchObject({ executable: program, executableVerified: false });
    expect(found?.remarks.join(' ')).toContain('became another program');
  });

  test('is among the holders once, and a holder without the socket is not', () => {
    folder.add({ pid: 8124, executable: program, sockets: [6] });
    expect(findHolders(createProc(folder.root), 5, 1000)).toEqual({ pids: [8123], complete: true });
  });

  test('is looked for no longer than is bearable, and that is said', () => {
    const proc = createProc(folder.root);
    const many: Proc = { ...proc, names: (path) => (path === '8123/fd' ? new Array<string>(70_000).fill('1') : proc.names(path)) };
    expect(findHolders(many, 5, 1000)).toEqual({ pids: [], complete: false });
  });
});
