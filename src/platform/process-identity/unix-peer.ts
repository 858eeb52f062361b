import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import type { Peer, ProcessEvidence } from '../process-identity.ts';
import { parsePeerInode } from './parse-ss.ts';
import type { Proc } from './read-proc.ts';
import { type RunTool, runTool } from './run-tool.ts';
import { evidenceOfPid, evidenceOfSocket, unverified } from './socket-evidence.ts';
import { unknownEvidence } from './unknown.ts';

/** Who connected, as the kernel kept it at that moment. */
export interface PeerCredentials {
  /** 0 when the process is in another pid namespace. */
  readonly pid: number;
  readonly uid: number;
}

/** What the kernel is asked through, because Node has neither `getsockopt` nor netlink. Tests bring their own. */
export interface UnixPeerTools {
  /** The output of `ss`; empty where it is missing. */
  readonly run: RunTool;
  /** `SO_PEERCRED` of one of our descriptors; `undefined` where nothing can ask for it. */
  readonly credentials: (descriptor: number) => Promise<PeerCredentials | undefined>;
}

type UnixPeer = Extract<Peer, { kind: 'unix' }>;

/**
 * Who is at the other end of a Unix socket. Two sources, because neither says everything: `ss` (sock_diag) names the
 * other end's socket, and so everybody who holds it now; `SO_PEERCRED`, asked by a one-line Perl program that inherits our
 * end, names the process that connected, which cannot be changed later by handing the socket on. Where they disagree, or one
 * is missing, nothing counts as verified. 10-40 ms.
 *
 * @see unix(7), SO_PEERCRED · sock_diag(7), UNIX_DIAG_PEER
 */
export async function identifyUnixPeer(proc: Proc, peer: UnixPeer, tools: UnixPeerTools): Promise<ProcessEvidence> {
  const own = proc.link(`self/fd/${peer.descriptor}`);
  const inode = /^socket:\[(\d+)\]$/.exec(own ?? '')?.[1];
  if (inode === undefined) return unknownEvidence('The connection is closed.');
  const listing = { path: peer.path, inode: Number(inode) };
  // Started in this turn, while the descriptor is what we think.
  const [output, caller] = await Promise.all([
    tools.run('ss', ['-xnH', 'src', `unix:${peer.path}`]),
    tools.credentials(peer.descriptor),
  ]);
  // security: the number of a closed descriptor is used again for the next connection
  if (proc.link(`self/fd/${peer.descriptor}`) !== own) return unknownEvidence('The connection was closed while it was looked at.');
  const other = parsePeerInode(output, listing);
  if (other !== undefined) return evidenceOfSocket(proc, { inode: other, ...madeBy(caller) });
  if (caller === undefined || caller.pid === 0) {
    return unknownEvidence('The system does not say who is at the other end of the socket ("ss" and "perl" could not tell).');
  }
  const evidence = unverified(evidenceOfPid(proc, caller.pid));
  return { ...evidence, remarks: ['Who else holds the connection could not be asked ("ss" could not tell).', ...evidence.remarks] };
}

function madeBy(caller: PeerCredentials | undefined): { uid: number; connectedBy?: number } {
  // The folder of the socket lets nobody else in, so without an answer it was this user.
  if (caller === undefined) return { uid: process.getuid?.() ?? 0 };
  return { uid: caller.uid, connectedBy: caller.pid };
}

const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'] as const;

/** Where the system keeps a program; never a folder that `PATH` names. */
function systemProgram(name: string): string | undefined {
  return folders.map((folder) => `${folder}/${name}`).find((file) => existsSync(file));
}

const question = 'my $c = getsockopt(STDIN, SOL_SOCKET, SO_PEERCRED); print join(" ", unpack("iII", $c)) if defined $c';
const patience = 5_000;
const mostOutput = 64;

/** The real tools of this system. */
export const unixPeerTools: UnixPeerTools = {
  run: async (name, argumentList) => {
    const file = systemProgram(name);
    return file === undefined ? '' : runTool(file, argumentList);
  },
  credentials: async (descriptor) => {
    const perl = systemProgram('perl');
    return perl === undefined ? undefined : parseCredentials(await outputOf(perl, descriptor));
  },
};

/** The program reads nothing from the connection: it asks one option of it and ends. */
function outputOf(perl: string, descriptor: number): Promise<string> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(perl, ['-MSocket', '-e', question], {
      stdio: [descriptor, 'pipe', 'ignore'],
      // security: nothing of our environment, such as PERL5OPT, decides what it runs
      env: {},
      cwd: '/',
      timeout: patience,
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      if (output.length < mostOutput) output += chunk.toString('latin1');
    });
    child.once('error', () => resolve(''));
    child.once('close', () => resolve(output));
  });
}

/** Reads `<pid> <uid> <gid>`. */
export function parseCredentials(text: string): PeerCredentials | undefined {
  const match = /^(\d+) (\d+) \d+$/.exec(text.trim());
  return match === null ? undefined : { pid: Number(match[1]), uid: Number(match[2]) };
}
