import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { createLinuxProcesses, identifyPeer } from '../../src/platform/process-identity/linux.ts';
import { createProc, type Proc } from '../../src/platform/process-identity/read-proc.ts';
import { makeProcFolder, type ProcFolder } from './proc-folder.ts';

const peer = { kind: 'tcp', localPort: 0xb813, remotePort: 0xd431, family: 4 } as const;
const row = (inode: number, uid = 1000) => `12: 0100007F:D431 0100007F:B813 01 0:0 00:0 0 ${uid} 0 ${inode} 1 0 20 4 30 10 -1`;

describe.skipIf(process.platform === 'win32')('process evidence on Linux', () => {
  let proc: ProcFolder;
  let folder: string;
  let program: string;

  beforeEach(() => {
    proc = makeProcFolder();
    folder = mkdtempSync(join(tmpdir(), 'counterfoil-programs-'));
    program = join(folder, 'agent');
    writeFileSync(program, 'program');
    proc.connect('tcp', [row(345_678)]);
  });
  afterEach(() => {
    proc.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const identify = (of: Parameters<ReturnType<typeof createLinuxProcesses>['identify']>[0] = peer) =>
    createLinuxProcesses({ log: silentLog, procRoot: proc.root }).identify(of);

  test('a process in our namespaces whose file is the file of its path is verified (security rule 20)', async () => {
    proc.add({ pid: 8123, executable: program, sockets: [345_678], commandLine: ['agent', '--do', ''] });
    const evidence = await identify();
    expect(evidence).toMatchObject({
      state: 'known',
      process: { pid: 8123, executable: program, executableVerified: true, startTime: '9123' },
      commandLine: ['agent', '--do', ''],
      workingDirectory: '/somewhere',
      uid: 1000,
      ownNamespaces: true,
      otherHolders: [],
      remarks: [],
    });
  });

  test.each(['user', 'mnt', 'pid'])('a process in another %s namespace is not verified (security rule 20)', async (name) => {
    proc.add({ pid: 8123, executable: program, sockets: [345_678], foreign: [name] });
    const evidence = await identify();
    expect(evidence.process).toMatchObject({ executable: program, executableVerified: false });
    expect(evidence.ownNamespaces).toBe(false);
    expect(evidence.remarks.join(' ')).toContain(name);
  });

  test('nothing is verified when not every process could be looked at: another may hold the connection (security rule 20)', () => {
    proc.add({ pid: 8123, executable: program, sockets: [345_678] });
    proc.add({ pid: 8200, executable: program });
    const real = createProc(proc.root);
    const many = Array.from({ length: 60_001 }, (_, index) => String(index));
    const names = (path: string) => ({ '': ['8123', '8200'], '8200/fd': many })[path] ?? real.names(path);
    const evidence = identifyPeer({ ...real, names }, peer);
    expect(evidence.process).toMatchObject({ pid: 8123, executableVerified: false });
    expect(evidence.remarks.join(' ')).toContain('too many processes');
  });

  test('a process that holds the connection of another user is not verified (security rule 20)', async () => {
    proc.add({ pid: 8123, executable: program, sockets: [345_678], uid: 1001 });
    const evidence = await identify();
    expect(evidence.process).toMatchObject({ pid: 8123, executableVerified: false });
    expect(evidence.remarks.join(' ')).toContain('another user');
  });

  test('a program file that was deleted is not verified (security rule 20)', async () => {
    const gone = `${program} (deleted)`;
    writeFileSync(gone, 'program');
    proc.add({ pid: 8123, executable: gone, sockets: [345_678] });
    expect((await identify()).process).toMatchObject({ executable: gone, executableVerified: false });
  });

  test('a program file that cannot be read is not verified (security rule 20)', async () => {
    proc.add({ pid: 8123, sockets: [345_678] });
    const evidence = await identify();
    expect(evidence.process).toMatchObject({ pid: 8123, executableVerified: false });
    expect(evidence.remarks).toHaveLength(1);
  });

  test('a path that names another file here is not verified (security rule 20)', async () => {
    proc.add({ pid: 8123, executable: program, sockets: [345_678] });
    const real = createProc(proc.root);
    const other = join(folder, 'git');
    writeFileSync(other, 'program');
    // As in a chroot or under a mount of its own: the path reads the same and leads elsewhere.
    const moved: Proc = { ...real, link: (path) => (path === '8123/exe' ? other : real.link(path)) };
    const evidence = identifyPeer(moved, peer);
    expect(evidence.process).toMatchObject({ executable: other, executableVerified: false });
    expect(evidence.remarks).toEqual(['The path of the program names another file here.']);
  });

  test('all holders of a socket are shown, the one who opened it first (security rule 20)', async () => {
    proc.add({ pid: 9000, startTime: 50, executable: program, sockets: [345_678] });
    proc.add({ pid: 8123, startTime: 99, executable: program, sockets: [345_678] });
    const evidence = await identify();
    expect(evidence.process?.pid).toBe(9000);
    expect(evidence.otherHolders.map((holder) => holder.pid)).toEqual([8123]);
    expect(evidence.remarks.join(' ')).toContain('More than one process');
  });

  test('parents are listed nearest first, eight at most, and the root of the tree is the topmost below the session', async () => {
    proc.add({ pid: 1, parentPid: 0, startTime: 1, uid: 0 });
    proc.add({ pid: 90, parentPid: 1, startTime: 2, uid: 0 });
    for (let step = 0; step < 12; step += 1) {
      proc.add({ pid: 100 + step, parentPid: step === 0 ? 90 : 99 + step, startTime: 10 + step, executable: program });
    }
    proc.add({ pid: 8123, parentPid: 111, executable: program, sockets: [345_678] });
    const evidence = await identify();
    expect(evidence.parents.map((parent) => parent.pid)).toEqual([111, 110, 109, 108, 107, 106, 105, 104]);
    expect(evidence.root?.pid).toBe(100);
  });

  test('a program of the user that is called like a session program does not end the tree (security rule 29)', async () => {
    const fake = join(folder, 'systemd');
    writeFileSync(fake, 'program');
    proc.add({ pid: 100, parentPid: 1, startTime: 5, uid: 1000, executable: program });
    proc.add({ pid: 101, parentPid: 100, startTime: 6, uid: 1000, executable: fake });
    proc.add({ pid: 8123, parentPid: 101, executable: program, sockets: [345_678] });
    expect((await identify()).root?.pid).toBe(100);
  });

  test('a parent that is younger than its child is somebody else', async () => {
    proc.add({ pid: 100, parentPid: 1, startTime: 99_999, executable: program });
    proc.add({ pid: 8123, parentPid: 100, startTime: 5, executable: program, sockets: [345_678] });
    const evidence = await identify();
    expect(evidence.parents).toEqual([]);
    expect(evidence.root?.pid).toBe(8123);
  });

  test('parents that go round in a circle end somewhere', async () => {
    proc.add({ pid: 100, parentPid: 101, startTime: 5, executable: program });
    proc.add({ pid: 101, parentPid: 100, startTime: 5, executable: program });
    expect((await identify({ kind: 'pid', pid: 100 })).parents).toHaveLength(8);
  });

  test('signs of a container and a sandbox are told', async () => {
    proc.add({
      pid: 8123,
      executable: program,
      sockets: [345_678],
      controlGroup: '0::/system.slice/docker-0123.scope\n',
      status: 'NoNewPrivs:\t1\nSeccomp:\t2\n',
    });
    expect((await identify()).confinement).toEqual(['Docker container', 'no new privileges', 'system call filter']);
  });

  test.each([
    ['0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-0123.scope\n', 'Podman container'],
    ['0::/kubepods/burstable/pod1/cri-containerd-0123.scope\n', 'Kubernetes pod'],
    ['0::/lxc.payload.box/user.slice\n', 'LXC container'],
    ['0::/machine.slice/machine-box.scope\n', 'system container'],
    ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.a.B-12.scope\n', 'Flatpak'],
    ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/snap.code.code-1.scope/snap.code.x\n', 'Snap'],
    ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r0123.scope\n', 'started by systemd-run'],
  ])('the control group %s is a sign', async (controlGroup, sign) => {
    proc.add({ pid: 8123, executable: program, sockets: [345_678], controlGroup });
    expect((await identify()).confinement).toContain(sign);
  });

  test('a program above that builds sandboxes, and the system itself, are signs', async () => {
    const sandbox = join(folder, 'firejail');
    writeFileSync(sandbox, 'program');
    proc.add({ pid: 7000, executable: sandbox });
    proc.add({ pid: 8123, executable: program, sockets: [345_678], parentPid: 7000 });
    mkdirSync(join(proc.root, 'sys/kernel'), { recursive: true });
    writeFileSync(join(proc.root, 'sys/kernel/osrelease'), '6.6.87.2-microsoft-standard-WSL2\n');
    expect((await identify()).confinement).toEqual(['Firejail', 'Windows Subsystem for Linux']);
  });

  test('files of a container count only where the root folder is another than ours', async () => {
    for (const [pid, foreign] of [
      [8123, []],
      [8124, ['mnt']],
    ] as const) {
      proc.add({ pid, executable: program, foreign });
      mkdirSync(join(proc.root, String(pid), 'root'));
      writeFileSync(join(proc.root, String(pid), 'root/.dockerenv'), '');
    }
    expect((await identify({ kind: 'pid', pid: 8123 })).confinement).toEqual([]);
    expect((await identify({ kind: 'pid', pid: 8124 })).confinement).toEqual(['Docker container']);
  });

  test('a program that passes connections on is said to be one: who asks cannot be seen', async () => {
    const relay = join(folder, 'docker-proxy');
    writeFileSync(relay, 'program');
    proc.add({ pid: 8123, executable: relay, sockets: [345_678] });
    expect((await identify()).remarks.join(' ')).toContain('passes connections on');
  });

  test('a process whose number was given away while its parents were read is nobody (security rule 20)', async () => {
    proc.add({ pid: 8123, executable: program, sockets: [345_678] });
    const real = createProc(proc.root);
    let isGone = false;
    const changing: Proc = {
      ...real,
      text(path) {
        if (path === '8123/cgroup') isGone = true;
        const text = real.text(path);
        return path === '8123/stat' && isGone ? text?.replace(' 9123 ', ' 9999 ') : text;
      },
    };
    expect(identifyPeer(changing, peer)).toMatchObject({ state: 'unknown' });
  });

  test('a process that let go of the connection while it was looked at is not the one (security rule 20)', async () => {
    proc.add({ pid: 8123, executable: program, sockets: [345_678] });
    const real = createProc(proc.root);
    let times = 0;
    const lettingGo: Proc = {
      ...real,
      names(path) {
        times += path === '8123/fd' ? 1 : 0;
        return path === '8123/fd' && times > 1 ? [] : real.names(path);
      },
    };
    expect(identifyPeer(lettingGo, peer)).toMatchObject({ state: 'unknown', uid: 1000 });
  });

  test('a connection that is not listed, or fits twice, is unknown', async () => {
    proc.add({ pid: 8123, executable: program, sockets: [345_678] });
    expect(await identify({ ...peer, remotePort: 1 })).toMatchObject({ state: 'unknown' });
    proc.connect('tcp', [row(345_678), row(345_679).replace('0100007F:D431', '0200007F:D431')]);
    expect(await identify()).toMatchObject({ state: 'unknown', remarks: ['More than one connection fits.'] });
    const named = { ...peer, remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' };
    expect(await identify(named)).toMatchObject({ state: 'known', process: { pid: 8123 } });
  });

  test('a connection that another user made, and whose holder we cannot see, is unknown but for the user', async () => {
    proc.connect('tcp', [row(345_678, 4321)]);
    expect(await identify()).toMatchObject({ state: 'unknown', uid: 4321 });
  });

  test('a process that has ended, a number that is none and a folder that is not there are unknown', async () => {
    expect(await identify({ kind: 'pid', pid: 5 })).toMatchObject({ state: 'unknown' });
    expect(await identify({ kind: 'pid', pid: Number.NaN })).toMatchObject({ state: 'unknown' });
    const nowhere = createLinuxProcesses({ log: silentLog, procRoot: '/nonexistent' });
    expect(await nowhere.identify(peer)).toMatchObject({ state: 'unknown' });
  });
});
