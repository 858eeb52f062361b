import type { Log } from '../../base/log.ts';
import type { ProcessEvidence, ProcessFacts, ProcessIdentity } from '../process-identity.ts';
import { rowsAbove } from './parse-ps.ts';
import { parseWindowsAnswer, questionFor, type WindowsAnswer, type WindowsRow } from './parse-windows.ts';
import { type RunTool, runTool } from './run-tool.ts';
import { unknownEvidence } from './unknown.ts';

export interface WindowsProcessesOptions {
  readonly log: Log;
  /** Tests bring recorded output. */
  readonly run?: RunTool;
}

const shownParents = 8;
/** They start the session, and the system starts them. Only administrators write there. */
const sessionPrograms = /^[a-z]:\\windows\\(?:system32\\)?(explorer|userinit|winlogon|services|svchost|wininit|csrss|smss)\.exe$/i;

/**
 * What PowerShell reports, about a second. Which file runs is not compared with the path, and the signer is not checked,
 * so no program counts as verified.
 */
export function createWindowsProcesses({ log, run = runTool }: WindowsProcessesOptions): ProcessIdentity {
  return {
    async identify(peer) {
      // A pipe's client is asked by GetNamedPipeClientProcessId, which needs our handle: no other program can.
      if (peer.kind === 'unix') return unknownEvidence('Windows does not tell which process is at the other end of a pipe.');
      try {
        const question = questionFor(peer);
        const output = await run('powershell.exe', ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', question]);
        const answer = parseWindowsAnswer(output);
        if (answer === undefined) return unknownEvidence('PowerShell did not answer.');
        return evidenceOf(answer);
      } catch (error) {
        log.error({ reason: String(error) }, 'the process at the other end could not be looked at');
        return unknownEvidence('The process at the other end could not be looked at.');
      }
    },
  };
}

function evidenceOf({ holders, processes }: WindowsAnswer): ProcessEvidence {
  const rows = new Map(processes.map((row) => [row.pid, row]));
  const [row, ...others] = holders.map((pid) => rows.get(pid)).filter((found) => found !== undefined);
  if (row === undefined) return unknownEvidence('No process that we may look at holds the connection.');
  const above = ancestorsOf(rows, row);
  const session = above.findIndex((one) => sessionPrograms.test(one.executable ?? '') || one.executable === undefined);
  const tree = [row, ...(session === -1 ? above : above.slice(0, session))];
  return {
    state: 'known',
    process: factsOf(row),
    parents: above.slice(0, shownParents).map(factsOf),
    root: factsOf(tree.at(-1) ?? row),
    // Windows hands the command line over as one text.
    commandLine: row.commandLine === undefined ? [] : [row.commandLine],
    ownNamespaces: true,
    confinement: [],
    otherHolders: others.map(factsOf),
    remarks: ['Windows was not asked which file runs or who signed it.'],
  };
}

/** A parent that is younger than its child is another process with the id of the one that ended. */
function ancestorsOf(rows: ReadonlyMap<number, WindowsRow>, row: WindowsRow): readonly WindowsRow[] {
  const above = rowsAbove(rows, row, 64);
  const wrong = above.findIndex((parent, index) => startsAfter(parent, above[index - 1] ?? row));
  return wrong === -1 ? above : above.slice(0, wrong);
}

function startsAfter(one: WindowsRow, other: WindowsRow): boolean {
  return one.startTime !== undefined && other.startTime !== undefined && BigInt(one.startTime) > BigInt(other.startTime);
}

function factsOf({ pid, executable, startTime }: WindowsRow): ProcessFacts {
  return {
    pid,
    ...(executable === undefined ? {} : { executable }),
    executableVerified: false,
    ...(startTime === undefined ? {} : { startTime }),
  };
}
