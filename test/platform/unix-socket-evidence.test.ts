import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { evidenceOfPeer } from '../../src/authserver/peer-evidence.ts';
import { silentLog } from '../../src/base/log.ts';
import { bindSocket, type SocketListener } from '../../src/gate/gate.ts';
import { createLinuxProcesses } from '../../src/platform/process-identity/linux.ts';
import { parsePeerInode } from '../../src/platform/process-identity/parse-ss.ts';
import { parseCredentials, type UnixPeerTools, unixPeerTools } from '../../src/platform/process-identity/unix-peer.ts';
import type { ProcessEvidence } from '../../src/platform/process-identity.ts';

const ours = { path: '/run/user/1000/counterfoil/agents.sock', inode: 345_678 };
const line = `u_str ESTAB 0      0           ${ours.path} 345678 * 345677`;

describe('what ss prints', () => {
  test('names the other end of our socket', () => {
    expect(parsePeerInode(`u_str ESTAB 0 0 ${ours.path} 345600 * 345599\n${line}\n`, ours)).toBe(345_677);
    expect(parsePeerInode(`${line} <-> ino:219 dev:0/65024`, ours)).toBe(345_677);
  });

  test.each([
    ['nothing', ''],
    ['another socket of ours', `u_str ESTAB 0 0 ${ours.path} 345600 * 345599`],
    ['a path that only begins like ours', `u_str ESTAB 0 0 ${ours.path}.old 345678 * 9`],
    ['a socket that listens', `u_str LISTEN 0 511 ${ours.path} 345678 * 0`],
    ['an end that is gone', `u_str ESTAB 0 0 ${ours.path} 345678 * 0`],
    ['words in the place of the other end', `u_str ESTAB 0 0 ${ours.path} 345678 /tmp/x 5 * 9`],
  ])('names nobody when it has %s', (_what, output) => {
    expect(parsePeerInode(output, ours)).toBeUndefined();
  });

  test('names nobody when a program added a line of its own by the path of its end (security rule 20)', () => {
    const forged = `u_str ESTAB 0 0 /tmp/a \nu_str ESTAB 0 0 ${ours.path} 345678 * 7 5 * 8`;
    expect(parsePeerInode(`${forged}\n${line}`, ours)).toBeUndefined();
  });

  test('credentials are three numbers', () => {
    expect(parseCredentials('4711 1000 1000')).toEqual({ pid: 4711, uid: 1000 });
    for (const text of ['', '4711', '-1 0 0', '1 2 3 4', 'a b c']) expect(parseCredentials(text)).toBeUndefined();
  });
});

const perl = '/usr/bin/perl';
const connecting =
  'use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, sockaddr_un($ARGV[0])) or die; $s->autoflush(1);';
/** A request that is answered only after whoever connected has done `then`. */
const asking = (then: string): string =>
  `${connecting} use IO::Handle; ${then}; print $s "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"; sleep 60`;

describe.skipIf(process.platform !== 'linux' || !existsSync(perl))('the process at the other end of a Unix socket', () => {
  let folder: string;
  let listener: SocketListener;
  let children: ChildProcess[];
  let arrived: Promise<ProcessEvidence>;

  const listen = async (tools?: UnixPeerTools): Promise<void> => {
    const processes = createLinuxProcesses({ log: silentLog, ...(tools === undefined ? {} : { unixPeerTools: tools }) });
    arrived = new Promise((resolve) => {
      listener.serve((request, response) => {
        void evidenceOfPeer(processes, request.socket).then((evidence) => {
          response.end();
          resolve(evidence);
        });
      });
    });
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'counterfoil-unix-'));
    children = [];
    listener = await bindSocket(join(folder, 'a.sock'));
    await listen();
  });
  afterEach(async () => {
    const alive = children.filter((child) => child.exitCode === null && child.signalCode === null);
    const gone = alive.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of children) process.kill(-(child.pid ?? 0), 'SIGKILL');
    await Promise.all(gone);
    await listener.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (script: string): ChildProcess => {
    const child = spawn(perl, ['-e', script, join(folder, 'a.sock')], { detached: true, stdio: 'ignore', cwd: folder });
    children.push(child);
    return child;
  };

  test('is named with its program, which is verified, by sock_diag and SO_PEERCRED together (security rule 20)', async () => {
    const child = start(asking('1'));
    expect(await arrived).toMatchObject({
      state: 'known',
      process: { pid: child.pid, executable: realpathSync(perl), executableVerified: true },
      workingDirectory: folder,
      uid: process.getuid?.(),
      otherHolders: [],
      remarks: [],
    });
  });

  test('is not verified when the process that connected has handed the socket on (security rule 20)', async () => {
    const opener = start(asking('my $p = $$; if (fork) { exit } select(undef, undef, undef, 0.02) while getppid() == $p'));
    const evidence = await arrived;
    expect(evidence.process?.executableVerified).toBe(false);
    expect(evidence.process?.pid).not.toBe(opener.pid);
    expect(evidence.remarks.join(' ')).toContain(`made the connection (${opener.pid})`);
  });

  test('is shown with everybody who holds the connection too (security rule 20)', async () => {
    const opener = start(asking('if (!fork) { sleep 60 }'));
    const evidence = await arrived;
    expect(evidence.process?.pid).toBe(opener.pid);
    expect(evidence.otherHolders).toHaveLength(1);
  });

  test('without ss it is who connected, and nothing counts as verified (security rule 20)', async () => {
    await listen({ ...unixPeerTools, run: async () => '' });
    const child = start(asking('1'));
    const evidence = await arrived;
    expect(evidence.process).toMatchObject({ pid: child.pid, executableVerified: false });
    expect(evidence.remarks.join(' ')).toContain('could not be asked');
  });

  test('without ss and Perl nobody is named (security rule 20)', async () => {
    await listen({ run: async () => '', credentials: async () => undefined });
    start(asking('1'));
    expect(await arrived).toMatchObject({ state: 'unknown', remarks: [expect.stringContaining('does not say')] });
  });

  test('is nobody when our end was closed meanwhile, whatever has its number now (security rule 20)', async () => {
    let socket: { destroy(): void } | undefined;
    const tools: UnixPeerTools = {
      run: async (...asked) => {
        const output = await unixPeerTools.run(...asked);
        socket?.destroy();
        await new Promise((resolve) => setImmediate(resolve));
        return output;
      },
      credentials: unixPeerTools.credentials,
    };
    const processes = createLinuxProcesses({ log: silentLog, unixPeerTools: tools });
    arrived = new Promise((resolve) => {
      listener.serve((request) => {
        socket = request.socket;
        void evidenceOfPeer(processes, request.socket).then(resolve);
      });
    });
    start(asking('1'));
    expect(await arrived).toMatchObject({ state: 'unknown', remarks: [expect.stringContaining('closed')] });
  });
});
