import process from 'node:process';
import type { Log } from '../../base/log.ts';
import type { Peer, ProcessEvidence, ProcessFacts, ProcessIdentity } from '../process-identity.ts';
import { holdersOf, type OpenFile, parseLsof, unixHoldersOf } from './parse-lsof.ts';
import { type PsRow, parsePs, rowsAbove } from './parse-ps.ts';
import { fileIdentity } from './read-proc.ts';
import { type RunTool, runTool } from './run-tool.ts';
import { unknownEvidence } from './unknown.ts';
import { userNameOf } from './user-name.ts';

export interface DarwinProcessesOptions {
  readonly log: Log;
  /** Tests bring recorded output. */
  readonly run?: RunTool;
}

const lsof = '/usr/sbin/lsof';
const ps = '/bin/ps';
const shownParents = 8;

/** What `lsof` and `ps` report, about 200 ms. The start time is one second fine and the code signature is not checked. */
export function createDarwinProcesses({ log, run = runTool }: DarwinProcessesOptions): ProcessIdentity {
  return {
    async identify(peer) {
      try {
        const pids = await pidsOf(run, peer);
        return await evidenceOf(run, pids);
      } catch (error) {
        log.error({ reason: String(error) }, 'the process at the other end could not be looked at');
        return unknownEvidence('The process at the other end could not be looked at.');
      }
    },
  };
}

async function pidsOf(run: RunTool, peer: Peer): Promise<readonly number[]> {
  switch (peer.kind) {
    case 'pid':
      return [peer.pid];
    case 'tcp':
      return await holders(run, peer);
    case 'unix':
      return unixHoldersOf(parseLsof(await run(lsof, ['-nP', '-U', '-Fpufdn'])), { pid: process.pid, descriptor: peer.descriptor });
  }
}

async function holders(run: RunTool, peer: Extract<Peer, { kind: 'tcp' }>): Promise<readonly number[]> {
  const output = await run(lsof, ['-nP', `-i${peer.family}TCP:${peer.remotePort}`, '-Fpufn']);
  return holdersOf(parseLsof(output), peer);
}

async function evidenceOf(run: RunTool, pids: readonly number[]): Promise<ProcessEvidence> {
  const before = await processTable(run);
  const found = pids.map((pid) => before.get(pid)).filter((row) => row !== undefined);
  const [row] = found;
  if (row === undefined) return unknownEvidence('No process that we may look at holds the connection.');
  const above = rowsAbove(before, row, 64);
  const shown = [...found, ...above.slice(0, shownParents)];
  const files = await openFiles(run, shown);
  const commandLine = await run(ps, ['-ww', '-o', 'command=', '-p', String(row.pid)]);
  const after = await processTable(run);
  // security: rule 20. A process id is used again; start time tells the processes apart.
  if (after.get(row.pid)?.startTime !== row.startTime) return unknownEvidence('The process has ended.');
  return describe({ found, above, files, commandLine });
}

interface Looked {
  readonly found: readonly PsRow[];
  readonly above: readonly PsRow[];
  readonly files: readonly OpenFile[];
  readonly commandLine: string;
}

function describe({ found, above, files, commandLine }: Looked): ProcessEvidence {
  const [row, ...others] = found as [PsRow, ...PsRow[]];
  const workingDirectory = files.find((file) => file.pid === row.pid && file.descriptor === 'cwd')?.name;
  const userName = userNameOf(row.uid);
  const top = above.filter((one) => one.pid !== 1 && one.uid === row.uid).at(-1);
  return {
    state: 'known',
    process: factsOf(row, files),
    parents: above.slice(0, shownParents).map((one) => factsOf(one, files)),
    root: factsOf(top ?? row, files),
    // `ps` joins the arguments with blanks, so where one ends is not known.
    commandLine: commandLine.trim() === '' ? [] : [commandLine.trim()],
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    uid: row.uid,
    ...(userName === undefined ? {} : { userName }),
    ownNamespaces: true,
    confinement: [],
    otherHolders: others.map((one) => factsOf(one, files)),
    remarks: ['The code signature is not checked.', ...(others.length > 0 ? ['More than one process holds the connection.'] : [])],
  };
}

function factsOf(row: PsRow, files: readonly OpenFile[]): ProcessFacts {
  const image = files.find((file) => file.pid === row.pid && file.descriptor === 'txt' && file.name === row.executable);
  const here = fileIdentity(row.executable);
  return {
    pid: row.pid,
    executable: row.executable,
    // security: rule 20. The path counts only if the file that runs is the file that the path names.
    executableVerified: image?.inode !== undefined && image.inode === here?.inode && image.device === here.device,
    ...(image?.device === undefined ? {} : { device: image.device }),
    ...(image?.inode === undefined ? {} : { inode: image.inode }),
    startTime: row.startTime,
  };
}

async function openFiles(run: RunTool, rows: readonly PsRow[]): Promise<readonly OpenFile[]> {
  const pids = rows.map((row) => row.pid).join(',');
  return parseLsof(await run(lsof, ['-nP', '-a', '-p', pids, '-d', 'cwd,txt', '-FpufDin']));
}

async function processTable(run: RunTool): Promise<ReadonlyMap<number, PsRow>> {
  const rows = parsePs(await run(ps, ['-axo', 'pid=,ppid=,uid=,lstart=,comm=']));
  return new Map(rows.map((row) => [row.pid, row]));
}
