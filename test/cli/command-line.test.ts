import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/base/errors.ts';
import { CommandFailed } from '../../src/cli/command-failed.ts';
import type { DataCopies } from '../../src/cli/copy-commands.ts';
import type { CoreLink } from '../../src/cli/core-link.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { notRunning, runCommandLine } from '../../src/cli/program.ts';
import { createClient } from '../../src/contract/client.ts';
import { type OperationName, operations } from '../../src/contract/operations.ts';
import type { CallAnswer } from '../../src/contract/presence.ts';
import type { Status } from '../../src/contract/shapes.ts';

const now = Date.UTC(2026, 10, 22, 10, 0, 0);
const sentence = [{ text: 'Backup wants to ' }, { text: 'pay 10 EUR', strong: true }];

const status: Status = {
  vault: 'unlocked',
  unlockedHere: false,
  paused: false,
  protection: { kind: 'os', description: 'Secret Service' },
  issuer: 'http://127.0.0.1:7417',
  notifications: 'ready',
  settings: { approveLowRiskOnNotification: false, acceptUnknownTypes: false },
  recovery: { state: 'none' },
  counts: { pending: 1, grants: 2, agents: 1, connections: 1 },
  version: '0.1.0',
};
const pending = {
  id: 'apr_1',
  agentName: 'Backup',
  agentIsNew: false,
  sentence,
  risk: 'high',
  state: 'pending',
  createdAt: now,
  expiresAt: now + 120_000,
};
const grant = {
  id: 'grant_1',
  agentId: 'agent_1',
  agentName: 'Backup',
  sentence,
  resourceName: 'Bank',
  connectionName: 'Bank',
  risk: 'high',
  live: true,
  createdAt: now,
  expiresAt: now + 7_200_000,
  once: false,
  usesAllowed: 5,
  uses: 2,
  upstreamEnd: 'none',
  detailJson: '{}',
};
const ended = { ...grant, id: 'grant_2', live: false, endedBy: 'revoked' };

type Answers = Partial<Record<OperationName, unknown>>;

const usual: Answers = {
  'status.get': status,
  'approvals.list': { pending: [pending], recent: [] },
  'grants.list': { grants: [grant, ended] },
  'agents.list': { agents: [] },
  'approvals.deny': {},
  'grants.revoke': { ended: 1 },
  'grants.revokeAll': { ended: 2 },
  'agents.pauseAll': {},
  'vault.lock': {},
  'audit.list': { entries: [], more: false },
  'audit.verify': { intact: true, count: 7, head: 'abc' },
};

const copies: DataCopies = {
  backUp: async (to) => ({ folder: to, files: ['counterfoil.db'], keyItems: 'keychain' }),
  restore: async () => {
    throw new Refusal('already_running', 'Counterfoil is running. Nothing was restored.', { hint: 'Quit it first.' });
  },
};

/** Runs a command line against a core that gives these answers. An answer that is a string is a refusal with that code. */
async function run(args: readonly string[], answers: Answers = usual) {
  const out: string[] = [];
  const err: string[] = [];
  const asked: (readonly [OperationName, unknown])[] = [];
  const client = createClient({
    session: 's',
    coreKey: new Uint8Array(),
    async call(operation, envelope): Promise<CallAnswer> {
      asked.push([operation, JSON.parse(envelope.input)]);
      const answer = answers[operation];
      return typeof answer === 'string' ? { ok: false, refusal: { code: answer, message: 'No.' } } : { ok: true, output: answer };
    },
    changes: () => () => {},
  });
  const link: CoreLink = {
    connect: async () => client,
    open: async () => true,
    examine: async () => [{ name: 'running', state: 'ok', detail: 'pid 1' }],
  };
  const terminal = { out: (text: string) => out.push(text), err: (text: string) => err.push(text), isStyled: false };
  const code = await runCommandLine(args, { link, copies, terminal, version: '0.1.0', now: () => now });
  return { code, out, err, asked };
}

describe('the command line copies', () => {
  it('says what is in a copy, what is not, and what opens it; and asks the core nothing', async () => {
    const { code, out, asked } = await run(['backup', '/kept']);
    expect([code, asked]).toEqual([0, []]);
    expect(out.join('\n')).toMatch(/copied to +\/kept\nin it +counterfoil.db\nnot in it +the item in this system's keychain/);
    expect(out.join('\n')).toMatch(/opens with +your passphrase and the item .+ or your printed recovery code alone/);
  });

  it('says why nothing was restored, with a code to leave with', async () => {
    const { code, err } = await run(['restore', '/kept']);
    expect([code, err]).toEqual([exitCodes.conflict, ['Counterfoil is running. Nothing was restored. Quit it first.']]);
    expect(JSON.parse((await run(['restore', '/kept', '--json'])).err.join(''))).toMatchObject({
      error: { code: 'already_running' },
    });
  });
});

describe('the command line reads', () => {
  it('status in words', async () => {
    const { code, out, err } = await run(['status']);
    expect(code).toBe(0);
    expect(err).toEqual([]);
    expect(out.join('\n')).toContain('1 waiting request, 2 live grants, 1 agent, 1 connection');
  });

  it('that every grant stands still after data was put back (security rule 8)', async () => {
    const gap = { foundAt: now, findings: [{ kind: 'copy_missing' }], more: 0, rows: false };
    const { out } = await run(['status'], { 'status.get': { ...status, gap } });
    expect(out.join('\n')).toMatch(/grants +all stand still: the data may not be what it was; answer in the window/);
    expect((await run(['status'])).out.join('\n')).not.toContain('stand still');
  });

  it('waiting requests, each on one line', async () => {
    const { out } = await run(['pending']);
    expect(out).toEqual(['ID     RISK  EXPIRES IN  REQUEST', 'apr_1  high  2 min       Backup wants to pay 10 EUR']);
  });

  it('live grants, and ended ones when asked', async () => {
    expect((await run(['grants'])).out).toHaveLength(2);
    const all = await run(['grants', '--all']);
    expect(all.out).toHaveLength(3);
    expect(all.out[2]).toContain('revoked');
    expect(all.out[1]).toContain('2/5');
  });

  it.each([
    [['status', '--json'], status],
    [['--json', 'pending'], [pending]],
    [['grants', '--json'], [grant]],
    [['agents', '--json'], []],
    [['audit', '--json'], []],
  ])('%j prints one JSON document and nothing else', async (args, expected) => {
    const { code, out, err } = await run(args);
    expect(code).toBe(0);
    expect(JSON.parse(out.join('\n'))).toEqual(expected);
    expect(err).toEqual([]);
  });

  it('says on stderr that there is nothing, and prints no data', async () => {
    const { code, out, err } = await run(['agents']);
    expect([code, out, err]).toEqual([0, [], ['No agent has registered.']]);
  });

  it('the audit log, with its limits', async () => {
    const { asked } = await run(['audit', '--limit', '5', '--search', 'grant']);
    expect(asked).toEqual([['audit.list', { limit: 5, search: 'grant' }]]);
    expect((await run(['audit', '--limit', '0'])).code).toBe(exitCodes.usage);
    expect((await run(['audit', '--limit', 'many'])).code).toBe(exitCodes.usage);
  });

  it('whether the audit log is whole, also as exit code', async () => {
    expect((await run(['audit', '--verify'])).code).toBe(0);
    const broken = await run(['audit', '--verify'], { 'audit.verify': { intact: false, count: 7, head: 'abc', brokenAt: 4 } });
    expect(broken.code).toBe(exitCodes.error);
    expect(broken.err[0]).toContain('entry 4');
  });

  it('draws words of others inert: no escape sequence reaches the terminal', async () => {
    const evil = { ...pending, sentence: [{ text: 'x\u001b[2J\u202e\u0007\ny\u009b' }] };
    const { out } = await run(['pending'], { 'approvals.list': { pending: [evil], recent: [] } });
    expect(out.join('\n')).toContain('x\u{FFFD}[2J\u{FFFD}\u{FFFD}\u{FFFD}y\u{FFFD}');
    expect(out.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });
});

describe('the command line lowers', () => {
  it('denies, with a reason', async () => {
    expect((await run(['deny', 'apr_1', '--reason', 'not now'])).asked).toEqual([
      ['approvals.deny', { id: 'apr_1', reason: 'not now' }],
    ]);
  });

  it('revokes some or all, and wants to be told which', async () => {
    expect((await run(['revoke', 'grant_1', 'grant_2'])).asked).toEqual([['grants.revoke', { ids: ['grant_1', 'grant_2'] }]]);
    expect((await run(['revoke', '--all'])).asked).toEqual([['grants.revokeAll', {}]]);
    expect(await run(['revoke'])).toMatchObject({ code: exitCodes.usage, asked: [] });
    expect(await run(['revoke', 'grant_1', '--all'])).toMatchObject({ code: exitCodes.usage, asked: [] });
  });

  it('pauses and locks', async () => {
    expect((await run(['pause'])).asked).toEqual([['agents.pauseAll', {}]]);
    expect((await run(['lock', '--json'])).out.join('')).toContain('"locked": true');
  });

  it.each(['approve', 'resume', 'unlock'])('cannot %s: that needs the person in the window (security rule 1)', async (name) => {
    const { code, err, asked } = await run([name, 'apr_1', '--yes']);
    expect(code).toBe(exitCodes.unauthenticated);
    expect(err[0]).toContain('window');
    expect(asked).toEqual([]);
  });

  it('asks for nothing that raises authority, whatever the command (security rule 1)', async () => {
    const all = [
      ['status'],
      ['pending'],
      ['grants'],
      ['agents'],
      ['audit'],
      ['audit', '--verify'],
      ['deny', 'a'],
      ['revoke', '--all'],
      ['revoke', 'g'],
      ['pause'],
      ['lock'],
      ['doctor'],
    ];
    for (const args of all) {
      const { asked } = await run(args);
      expect(asked.map(([operation]) => operations[operation].effect)).not.toContain('raises');
    }
  });
});

describe('exit codes', () => {
  it.each([
    ['not_found', 3],
    ['vault_locked', 4],
    ['presence_required', 4],
    ['approval_decided', 5],
    ['approval_denied', 10],
    ['approval_expired', 11],
    ['approval_pending', 12],
    ['store_failed', 1],
    ['constructor', 1],
  ])('a refusal %s leaves with %i', async (code, exit) => {
    const result = await run(['deny', 'apr_1'], { 'approvals.deny': code });
    expect(result).toMatchObject({ code: exit, out: [], err: ['No.'] });
  });

  it('usage is 2, help and version are 0', async () => {
    expect((await run(['frobnicate'])).code).toBe(2);
    expect((await run(['deny'])).code).toBe(2);
    expect((await run(['status', '--nope'])).code).toBe(2);
    expect(await run(['--version'])).toMatchObject({ code: 0, out: ['0.1.0'] });
    expect((await run(['--help'])).out.join('')).toContain('doctor');
    expect((await run(['--help'])).out.join('')).not.toContain('approve');
  });

  it('an error in JSON goes to stderr, so that stdout is data or nothing', async () => {
    const { out, err } = await run(['deny', 'apr_1', '--json'], { 'approvals.deny': 'not_found' });
    expect(out).toEqual([]);
    expect(JSON.parse(err.join(''))).toEqual({ error: { code: 'not_found', message: 'No.' } });
  });
});

describe('doctor', () => {
  const absent: CoreLink = {
    connect: async () => {
      throw notRunning();
    },
    open: async () => false,
    examine: async () => [{ name: 'running', state: 'fail', detail: 'nobody answers' }],
  };
  const terminal = () => {
    const out: string[] = [];
    const err: string[] = [];
    return {
      out,
      err,
      terminal: { out: (text: string) => out.push(text), err: (text: string) => err.push(text), isStyled: false },
    };
  };

  it('says keychain, notifications, versions', async () => {
    const { code, out } = await run(['doctor'], {
      ...usual,
      'status.get': { ...status, protection: { kind: 'file', description: 'A file' }, notifications: 'absent', version: '0.2.0' },
    });
    expect(code).toBe(0);
    expect(out.join('\n')).toMatch(/keychain +warn +A file; the passphrase alone/);
    expect(out.join('\n')).toMatch(/notifications +warn/);
    expect(out.join('\n')).toMatch(/version +warn +the app runs 0\.2\.0/);
  });

  it('works when nothing runs, and says so as exit code', async () => {
    const { out, terminal: t } = terminal();
    expect(await runCommandLine(['doctor'], { link: absent, copies, terminal: t, version: '0.1.0', now: () => now })).toBe(1);
    expect(out.join('\n')).toContain('nobody answers');
  });

  it('other commands say how to start it', async () => {
    const { err, terminal: t } = terminal();
    expect(await runCommandLine(['status'], { link: absent, copies, terminal: t, version: '0.1.0', now: () => now })).toBe(1);
    expect(err[0]).toContain('npm start');
    expect(await runCommandLine(['open'], { link: absent, copies, terminal: t, version: '0.1.0', now: () => now })).toBe(1);
  });

  it('a bug is an error with its words, not a stack', async () => {
    const { err, terminal: t } = terminal();
    const broken: CoreLink = { ...absent, connect: () => Promise.reject(new CommandFailed('x', 'Broken.', { exitCode: 1 })) };
    expect(await runCommandLine(['status'], { link: broken, copies, terminal: t, version: '0.1.0', now: () => now })).toBe(1);
    expect(err).toEqual(['Broken.']);
  });
});
