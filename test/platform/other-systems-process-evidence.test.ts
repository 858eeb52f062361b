import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { chooseProcessIdentity } from '../../src/platform/process-identity/choose.ts';
import { createDarwinProcesses } from '../../src/platform/process-identity/darwin.ts';
import { holdersOf, parseLsof, unixHoldersOf } from '../../src/platform/process-identity/parse-lsof.ts';
import { parsePs, rowsAbove } from '../../src/platform/process-identity/parse-ps.ts';
import { parseWindowsAnswer, questionFor } from '../../src/platform/process-identity/parse-windows.ts';
import type { RunTool } from '../../src/platform/process-identity/run-tool.ts';
import { createWindowsProcesses } from '../../src/platform/process-identity/windows.ts';

const peer = { kind: 'tcp', localPort: 47_123, remotePort: 54_321, family: 4 } as const;
/** A file that is there on every system: it stands for the program. */
const program = fileURLToPath(import.meta.url);
const { dev, ino } = statSync(program, { bigint: true });

const connections = `p812
u501
f21
n127.0.0.1:54321->127.0.0.1:47123
p700
u501
f9
n127.0.0.1:47123->127.0.0.1:54321
f10
n*:54321
`;
const processes = `    1     0     0 Sun Nov 22 08:00:01 2026     /sbin/launchd
  640     1   501 Sun Nov 22 08:01:12 2026     /Applications/Utilities/Terminal.app/Contents/MacOS/Terminal
  650   640   501 Sun Nov 22 08:01:13 2026     -zsh
  812   650   501 Sun Nov 22 09:58:00 2026     ${program}
`;
const openFiles = (inode: bigint) => `p812
u501
fcwd
D0x1000004
i77
n/Users/ann/project
ftxt
D0x${dev.toString(16)}
i${inode}
n${program}
`;

function recorded(answers: { readonly inode?: bigint; readonly later?: string }): RunTool {
  let tables = 0;
  return async (file, argumentList) => {
    if (file.endsWith('lsof')) return argumentList.includes('-d') ? openFiles(answers.inode ?? ino) : connections;
    if (argumentList.includes('command=')) return 'agent --token "a b"\n';
    tables += 1;
    return tables > 1 ? (answers.later ?? processes) : processes;
  };
}

describe('macOS', () => {
  const identify = (answers: Parameters<typeof recorded>[0] = {}) =>
    createDarwinProcesses({ log: silentLog, run: recorded(answers) }).identify(peer);

  test('the holder of the other end is told with its parents, user, folder and command line', async () => {
    expect(await identify()).toMatchObject({
      state: 'known',
      process: { pid: 812, executable: program, executableVerified: true, inode: String(ino), device: String(dev) },
      parents: [{ pid: 650 }, { pid: 640 }, { pid: 1 }],
      root: { pid: 640 },
      uid: 501,
      workingDirectory: '/Users/ann/project',
      commandLine: ['agent --token "a b"'],
      otherHolders: [],
    });
  });

  test('a file that runs and is not the file of that path is not verified (security rule 20)', async () => {
    expect((await identify({ inode: ino + 1n })).process).toMatchObject({ executable: program, executableVerified: false });
  });

  test('a process id that was given to another process meanwhile is unknown (security rule 20)', async () => {
    expect(await identify({ later: processes.replace('09:58:00', '09:59:00') })).toMatchObject({ state: 'unknown' });
  });

  test('tools that are not there leave everything unknown', async () => {
    const silent = createDarwinProcesses({ log: silentLog, run: async () => '' });
    expect(await silent.identify(peer)).toMatchObject({ state: 'unknown', parents: [] });
    const broken = createDarwinProcesses({ log: silentLog, run: () => Promise.reject(new Error('no')) });
    expect(await broken.identify(peer)).toMatchObject({ state: 'unknown' });
  });

  test('of lsof only the other end counts, not ours and not a listener', () => {
    expect(holdersOf(parseLsof(connections), peer)).toEqual([812]);
    expect(parseLsof('nonsense\n\nn127.0.0.1:1->127.0.0.1:2\n')).toEqual([]);
  });

  test('of ps a path with blanks survives, and a circle of parents ends', () => {
    const [row] = parsePs('  9     9   501 Sun Nov  1 08:00:01 2026     /Applications/My Agent.app/Contents/MacOS/My Agent\n');
    expect(row).toEqual({
      pid: 9,
      parentPid: 9,
      uid: 501,
      startTime: 'Sun Nov 1 08:00:01 2026',
      executable: '/Applications/My Agent.app/Contents/MacOS/My Agent',
    });
    if (row !== undefined) expect(rowsAbove(new Map([[9, row]]), row, 8)).toEqual([]);
  });
});

const windowsAnswer = JSON.stringify({
  holders: 812,
  processes: [
    { pid: 4, parentPid: 0, executable: null, commandLine: null, startTime: '133000000000000000' },
    {
      pid: 500,
      parentPid: 4,
      executable: 'C:\\Windows\\explorer.exe',
      commandLine: 'explorer.exe',
      startTime: '133000000000000001',
    },
    {
      pid: 640,
      parentPid: 500,
      executable: 'C:\\Program Files\\Term\\term.exe',
      commandLine: 'term',
      startTime: '133000000000000002',
    },
    { pid: 812, parentPid: 640, executable: 'C:\\agent.exe', commandLine: 'agent.exe --x', startTime: '133000000000000003' },
  ],
});

describe('Windows', () => {
  const identify = (output: string) => createWindowsProcesses({ log: silentLog, run: async () => output }).identify(peer);

  test('the holder is told with its parents and is never verified (security rule 20)', async () => {
    const evidence = await identify(`\uFEFF${windowsAnswer}\r\n`);
    expect(evidence).toMatchObject({
      state: 'known',
      process: { pid: 812, executable: 'C:\\agent.exe', executableVerified: false, startTime: '133000000000000003' },
      parents: [{ pid: 640 }, { pid: 500 }, { pid: 4 }],
      root: { pid: 640 },
      commandLine: ['agent.exe --x'],
    });
    expect(evidence.remarks.length).toBeGreaterThan(0);
  });

  test('an explorer outside the Windows folder does not end the tree (security rule 29)', async () => {
    const moved = windowsAnswer.replace('C:\\\\Windows\\\\explorer', 'C:\\\\Users\\\\ann\\\\explorer');
    expect((await identify(moved)).root).toMatchObject({ pid: 500 });
  });

  test('a parent that is younger than its child is somebody else', async () => {
    expect((await identify(windowsAnswer.replace('133000000000000002', '133999999999999999'))).parents).toEqual([]);
  });

  test.each([
    '',
    'Get-NetTCPConnection : Access denied',
    '[]',
    '{"holders":[],"processes":[]}',
    '{"holders":["812"],"processes":{}}',
  ])('an answer that does not fit leaves everything unknown: %j', async (output) => {
    expect(await identify(output)).toMatchObject({ state: 'unknown' });
  });

  test('the question holds numbers only', () => {
    expect(questionFor(peer)).toContain('-LocalPort 54321 -RemotePort 47123');
    const forged = questionFor({ pid: '1; calc.exe' as unknown as number });
    expect(forged).not.toContain('calc');
    expect(parseWindowsAnswer('{"holders":[1,1,2],"processes":[]}')?.holders).toEqual([1, 2]);
  });
});

test('a system without an adapter says so', async () => {
  const evidence = await chooseProcessIdentity('plan9', { log: silentLog }).identify(peer);
  expect(evidence).toMatchObject({ state: 'unknown', ownNamespaces: false });
  expect(evidence.remarks).toHaveLength(1);
});

describe('a Unix socket on macOS', () => {
  // `lsof -nP -U -Fpufdn`: our accepted end has the path of the listener, the other end points to ours.
  const sockets = parseLsof(`p700
u501
f9
d0x3f1c7e2a9b0d4411
n/Users/ann/Library/Application Support/Counterfoil/agents.sock
f12
d0x3f1c7e2a9b0d5522
n/Users/ann/Library/Application Support/Counterfoil/agents.sock
p812
u501
f21
d0x3f1c7e2a9b0d6633
n->0x3f1c7e2a9b0d5522
p813
u501
f3
d0x3f1c7e2a9b0d7744
n->0x3f1c7e2a9b0d8855
`);

  test('is held by whoever points to our end', () => {
    expect(unixHoldersOf(sockets, { pid: 700, descriptor: 12 })).toEqual([812]);
    expect(unixHoldersOf(sockets, { pid: 812, descriptor: 21 })).toEqual([700]);
  });

  test('is held by nobody that we know when our end is not listed', () => {
    expect(unixHoldersOf(sockets, { pid: 700, descriptor: 13 })).toEqual([]);
    expect(unixHoldersOf(sockets, { pid: 700, descriptor: 9 })).toEqual([]);
  });
});

test('Windows says that it does not tell who is at the other end of a pipe', async () => {
  const processes = createWindowsProcesses({ log: silentLog, run: async () => '{}' });
  const evidence = await processes.identify({ kind: 'unix', descriptor: 3, path: String.raw`\\.\pipe\a` });
  expect(evidence).toMatchObject({ state: 'unknown', remarks: [expect.stringContaining('pipe')] });
});
