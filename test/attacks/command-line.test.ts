/**
 * A program of this user tries to approve by what the command line uses: the command, the socket behind it, the listener of the
 * pages without a signature, and a page of its own. The person's page is unlocked all the while.
 */
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ContractClient, RefusedError } from '../../src/contract/client.ts';
import { type OperationName, operations } from '../../src/contract/operations.ts';
import type { CallAnswer } from '../../src/contract/presence.ts';
import { sealPresence } from '../../src/contract/seal-presence.ts';
import { type Sent, send } from '../api/local-fetch.ts';
import { inputOf, namesOf, operationNames } from './support/every-operation.ts';
import { type Decision, openPage, passphrase, Victim } from './support/victim.ts';

let victim: Victim;
let decision: Decision;
let launch: string;
beforeAll(async () => {
  victim = await Victim.begin();
  decision = await victim.decision();
  launch = await victim.link();
});
afterAll(() => victim.remove());

describe('the command', () => {
  test.each(['approve', 'resume', 'unlock'])('"counterfoil %s" says where that is done, and does nothing', async (name) => {
    const said = await victim.installation.command(name, decision.id, '--yes', '--passphrase', passphrase);
    expect(said.code).not.toBe(0);
    expect(said.err).toContain('needs you in the window');
    await victim.assertNothingApproved();
  });

  test('"counterfoil" has no other word for it', async () => {
    for (const words of [['accept', decision.id], ['grants', 'add'], ['call', 'approvals.approve'], ['settings']]) {
      expect((await victim.installation.command(...words)).code).not.toBe(0);
    }
    await victim.assertNothingApproved();
  });
});

/** One way to reach the core without having given the factor there. */
interface Way {
  readonly name: string;
  readonly call: (operation: OperationName, body: string) => Promise<{ readonly status: number; readonly answer: CallAnswer }>;
  /** What it answers for everything that raises. */
  readonly refusal: string;
}

const socketPath = (): string => join(victim.installation.runtime, 'counterfoil.sock');

function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const bytes = Buffer.from(body);
  const all = { host: 'localhost', 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers };
  return send({ socketPath: socketPath(), path, method: 'POST', headers: all, body: bytes });
}

async function beginSocket(): Promise<{ session: string; coreKey: string }> {
  return (await (await post('/session', '{}')).json()) as { session: string; coreKey: string };
}

async function read(response: Response): Promise<{ status: number; answer: CallAnswer }> {
  const body = (await response.json()) as CallAnswer & { code?: string };
  const answer: CallAnswer = body.code === undefined ? body : { ok: false, refusal: { code: body.code, message: '' } };
  return { status: response.status, answer };
}

const codeOf = (answer: CallAnswer): string => (answer.ok ? 'accepted' : answer.refusal.code);

describe('while the vault is open in the page of the person (security rules 1, 2)', () => {
  let second: ContractClient;
  let sent: Sent[];
  let ways: readonly Way[];

  beforeAll(async () => {
    expect(await victim.page.call('status.get', {})).toMatchObject({ vault: 'unlocked', unlockedHere: true });
    sent = [];
    second = await openPage(launch, sent);
    const { session } = await beginSocket();
    const { origin, host, port } = new URL(launch);
    const bare = (operation: string, body: string, headers: Record<string, string>): Promise<Response> => {
      const bytes = Buffer.from(body);
      return send({
        address: '127.0.0.1',
        port: Number(port),
        path: `/call/${operation}`,
        method: 'POST',
        headers: { host, origin, 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers },
        body: bytes,
      });
    };
    const callSecond = async (operation: OperationName, body: string): Promise<CallAnswer> => {
      const { input } = JSON.parse(body) as { input: string };
      try {
        return { ok: true, output: await second.call(operation, JSON.parse(input) as never) };
      } catch (error) {
        if (error instanceof RefusedError) return { ok: false, refusal: error.refusal };
        throw error;
      }
    };
    ways = [
      {
        name: 'a second page',
        call: async (operation, body) => ({ status: 200, answer: await callSecond(operation, body) }),
        refusal: 'presence_required',
      },
      {
        name: 'the socket',
        call: async (operation, body) => read(await post(`/call/${operation}`, body, { 'counterfoil-session': session })),
        refusal: 'presence_required',
      },
      {
        name: 'the listener, with the id of a page and no signature',
        call: async (operation, body) => {
          const known = sent.at(-1)?.headers['counterfoil-session'] ?? '';
          return read(await bare(operation, body, { 'counterfoil-session': known, 'counterfoil-sequence': '900' }));
        },
        refusal: 'session_signature',
      },
      {
        name: 'the socket, with the id of a page',
        call: async (operation, body) => {
          const known = sent.at(-1)?.headers['counterfoil-session'] ?? '';
          return read(await post(`/call/${operation}`, body, { 'counterfoil-session': known }));
        },
        refusal: 'session_unknown',
      },
    ];
    await second.call('status.get', {});
  });

  test('every operation says what it does to authority', () => {
    expect(operationNames.length).toBeGreaterThan(25);
    for (const name of operationNames) expect(['reads', 'lowers', 'raises']).toContain(operations[name].effect);
  });

  test.each(namesOf('raises'))('%s is refused on every way, and nothing comes of it', async (name) => {
    const input = inputOf(name, decision);
    for (const way of ways) {
      const { answer } = await way.call(name, JSON.stringify({ input }));
      expect([way.name, codeOf(answer)]).toEqual([way.name, way.refusal]);
    }
    await victim.assertNothingApproved();
  });

  test.each(namesOf('raises'))('%s is refused at the socket even with the right passphrase, sealed', async (name) => {
    const { session, coreKey } = await beginSocket();
    const headers = { 'counterfoil-session': session };
    const begun = await read(await post('/call/presence.begin', '{"input":"{}"}', headers));
    const { nonce } = (begun.answer as { output: { nonce: string } }).output;
    const input = inputOf(name, decision);
    const sealed = await sealPresence(Buffer.from(coreKey, 'base64url'), { passphrase, operation: name, input, session, nonce });
    const { answer } = await read(await post(`/call/${name}`, JSON.stringify({ input, presence: sealed }), headers));
    expect(codeOf(answer)).toBe('presence_required');
    await victim.assertNothingApproved();
  });

  test.each(namesOf('reads'))('%s may be read by a page and by the socket, never without a session', async (name) => {
    const [page, socket, ...strangers] = ways;
    const body = JSON.stringify({ input: inputOf(name, decision) });
    for (const way of [page, socket]) expect(codeOf((await way!.call(name, body)).answer)).not.toMatch(/^(presence|session)_/);
    for (const way of strangers) expect(codeOf((await way.call(name, body)).answer)).toBe(way.refusal);
  });

  test('nothing that these ways answer names a secret or sets a cookie', async () => {
    const response = await post('/session', '{}');
    expect(response.headers.getSetCookie()).toEqual([]);
    const said = JSON.stringify(
      await Promise.all(namesOf('reads').map((name) => ways[1]!.call(name, JSON.stringify({ input: inputOf(name, decision) })))),
    );
    expect(said).not.toContain(passphrase.slice(0, 16));
    expect(said).not.toContain('"d":');
  });

  test('bytes that are no request of ours end the connection and change nothing', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']) {
      const status = await new Promise<number>((resolve) => {
        const call = request({ socketPath: socketPath(), path: '/call/approvals.approve', method, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        });
        call.on('error', () => resolve(0));
        call.end();
      });
      expect([0, 400, 403, 405]).toContain(status);
    }
    await victim.assertNothingApproved();
  });
});

test('what lowers is done for anybody of this user: it denies, revokes, pauses and locks, and gives nothing', async () => {
  const { session } = await beginSocket();
  const headers = { 'counterfoil-session': session };
  for (const name of namesOf('lowers')) {
    const { answer } = await read(await post(`/call/${name}`, JSON.stringify({ input: inputOf(name, decision) }), headers));
    expect(codeOf(answer)).not.toMatch(/^presence_/);
  }
  const { grants } = await victim.page.call('grants.list', {});
  expect(grants.filter(({ live }) => live)).toEqual([]);
  expect((await victim.page.call('approvals.list', {})).pending).toEqual([]);
  expect(await victim.page.call('status.get', {})).toMatchObject({ vault: 'locked', unlockedHere: false, paused: true });
});
