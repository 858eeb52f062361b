import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, realpathSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { createLinuxProcesses } from '../../src/platform/process-identity/linux.ts';
import type { Peer, ProcessEvidence } from '../../src/platform/process-identity.ts';

const bash = realpathSync('/bin/bash');

describe.skipIf(process.platform !== 'linux')('the process at the other end of a real connection', () => {
  const processes = createLinuxProcesses({ log: silentLog });
  let folder: string;
  let server: Server;
  let accepted: Promise<Socket>;
  let children: ChildProcess[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'counterfoil-evidence-'));
    children = [];
    server = createServer();
    accepted = new Promise((resolve) => server.once('connection', resolve));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    (await accepted).destroy();
    const gone = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of children) process.kill(-(child.pid ?? 0), 'SIGKILL');
    await Promise.all(gone);
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  const portOf = (): number => (server.address() as { port: number }).port;
  /** Starts a program in a group of its own, so that what it starts ends with it. */
  const start = (file: string, ...argumentList: readonly string[]): ChildProcess => {
    const child = spawn(file, argumentList, { detached: true, stdio: 'ignore', cwd: folder });
    children.push(child);
    return child;
  };
  const connectByBash = (file: string, script = 'read -u 3'): ChildProcess =>
    start(file, '-c', `exec 3<>/dev/tcp/127.0.0.1/${portOf()}; ${script}; :`);
  const peer = async (): Promise<Peer> => {
    const { localPort = 0, remotePort = 0, localAddress = '', remoteAddress = '' } = await accepted;
    return { kind: 'tcp', localPort, remotePort, family: 4, localAddress, remoteAddress };
  };
  const identify = async (): Promise<ProcessEvidence> => processes.identify(await peer());

  test('is named with its program, parents, folder and command line, and its program is verified (security rule 20)', async () => {
    const child = connectByBash(bash);
    const { dev, ino } = statSync(bash, { bigint: true });
    expect(await identify()).toMatchObject({
      state: 'known',
      process: { pid: child.pid, executable: bash, executableVerified: true, device: String(dev), inode: String(ino) },
      commandLine: [bash, '-c', expect.stringContaining('/dev/tcp/')],
      workingDirectory: folder,
      uid: process.getuid?.(),
      ownNamespaces: true,
      otherHolders: [],
      remarks: [],
    });
    expect((await identify()).parents[0]?.pid).toBe(process.pid);
  });

  test('is the same process when it is asked for by its number', async () => {
    const child = connectByBash(bash);
    const byPort = await identify();
    expect((await processes.identify({ kind: 'pid', pid: child.pid ?? 0 })).process).toEqual(byPort.process);
  });

  test('keeps its program when the file is renamed, under the new name', async () => {
    const [program, renamed] = [join(folder, 'git'), join(folder, 'agent')];
    copyFileSync(bash, program);
    connectByBash(program);
    await accepted;
    renameSync(program, renamed);
    writeFileSync(program, 'another program');
    expect((await identify()).process).toMatchObject({ executable: renamed, executableVerified: true });
  });

  test('is not verified once the file is deleted, even when another takes its place (security rule 20)', async () => {
    const program = join(folder, 'git');
    copyFileSync(bash, program);
    connectByBash(program);
    await accepted;
    unlinkSync(program);
    copyFileSync(bash, program);
    const evidence = await identify();
    expect(evidence.process).toMatchObject({ executable: `${program} (deleted)`, executableVerified: false });
    expect(evidence.remarks.join(' ')).toContain('deleted or replaced');
  });

  test('is shown with everybody who holds the connection too, the one who opened it first (security rule 20)', async () => {
    const opener = connectByBash(bash, 'sleep 60 & echo started >&3; wait');
    const socket = await accepted;
    await new Promise((resolve) => socket.once('data', resolve));
    const evidence = await identify();
    expect(evidence.process?.pid).toBe(opener.pid);
    expect(evidence.otherHolders).toHaveLength(1);
    expect(evidence.parents[0]?.pid).toBe(process.pid);
    expect(evidence.remarks.join(' ')).toContain('More than one process');
  });

  test('is somebody else when it became another program (security rule 20)', async () => {
    const child = connectByBash(bash, 'echo now >&3; exec sleep 60');
    const socket = await accepted;
    await new Promise((resolve) => socket.once('data', resolve));
    const sleep = realpathSync('/bin/sleep');
    let evidence = await identify();
    for (let turn = 0; turn < 200 && evidence.process?.executable !== sleep; turn += 1) evidence = await identify();
    expect(evidence.process).toMatchObject({ pid: child.pid, executable: sleep, executableVerified: true });
  });

  test.skipIf(process.getuid?.() !== 0)('is not verified in a mount namespace of its own (security rule 20)', async () => {
    start('unshare', '--mount', bash, '-c', `exec 3<>/dev/tcp/127.0.0.1/${portOf()}; read -u 3; :`);
    const evidence = await identify();
    expect(evidence.process).toMatchObject({ executable: bash, executableVerified: false });
    expect(evidence.ownNamespaces).toBe(false);
  });

  test('is unknown when the connection is over', async () => {
    connectByBash(bash);
    const named = await peer();
    expect(await processes.identify({ ...named, remotePort: 1 } as Peer)).toMatchObject({ state: 'unknown' });
  });
});
