import { Agent as Connections, getGlobalDispatcher, Pool, setGlobalDispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Approval } from '../../src/approvals/approvals.ts';
import { hashOf } from '../../src/base/ids.ts';
import type { ProcessEvidence } from '../../src/platform/process-identity.ts';
import { evidenceOf, unknownEvidence } from '../support/memory-platform.ts';
import { type Granted, granted } from './support/granted.ts';
import { type Door, openAuthServer } from './support/open-authserver.ts';
import { type Answer, proofFor, registerAgent, type StockAgent } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;
let given: Granted;

const program = evidenceOf().process;
const root = evidenceOf().root;
if (program === undefined || root === undefined) throw new Error('the sample has both');

const others: readonly (readonly [words: string, evidence: ProcessEvidence])[] = [
  ['another program file', evidenceOf({ process: { ...program, inode: '132' } })],
  ['the same inode on another device', evidenceOf({ process: { ...program, device: '2050' } })],
  ['another tree of processes', evidenceOf({ root: { ...root, pid: 4300 } })],
  ['a tree whose root has the same id and started later', evidenceOf({ root: { ...root, startTime: '99000' } })],
  ['other namespaces', evidenceOf({ ownNamespaces: false })],
  ['a connection shared with another process', evidenceOf({ otherHolders: [{ pid: 9, executableVerified: false }] })],
  ['a program of which nothing is known', unknownEvidence],
];

const shared = getGlobalDispatcher();

beforeEach(async () => {
  // Each request on a connection of its own, as from another program.
  setGlobalDispatcher(new Connections({ pipelining: 0 }));
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
  given = await granted(door, agent);
});

afterEach(() => {
  setGlobalDispatcher(shared);
  return door.close();
});

/** A call on a connection of its own, from the program that `evidence` shows. */
async function call(evidence: ProcessEvidence = evidenceOf()): Promise<Answer> {
  door.platform.processes.evidence = evidence;
  const url = `${door.issuer}/proxy/demo/accounts`;
  const send = (nonce: string) =>
    fetch(url, {
      headers: {
        authorization: `DPoP ${given.accessToken}`,
        dpop: proofFor(agent.dpopKey, { htm: 'GET', htu: url, nonce, ath: hashOf(given.accessToken) }),
      },
    });
  const answer = await send(door.server.nonce());
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: JSON.parse(text) as Answer['body'] };
}

const questions = (): readonly Approval[] => door.approvals.listPending().filter((one) => one.forGrant !== undefined);

function question(): Approval {
  const [only, ...more] = questions();
  if (only === undefined || more.length > 0) throw new Error('exactly one question was expected');
  return only;
}

describe('a grant', () => {
  test('is used by the program that it was given to, whatever its process id, and nobody is asked (security rule 14)', async () => {
    expect((await call()).status).toBe(200);
    expect((await call(evidenceOf({ process: { ...program, pid: 5000, startTime: '99999' } }))).status).toBe(200);
    expect(questions()).toEqual([]);
  });

  test.each(others)('is held from %s, and the person is asked once (security rule 14)', async (_words, evidence) => {
    const held = await call(evidence);
    expect([held.status, held.body['code'], held.body['reason']]).toEqual([409, 'approval_pending', 'program_changed']);
    expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(held.body['hint']).toContain('the person decides');
    await call(evidence);
    expect(question()).toMatchObject({ forGrant: given.grantId, evidence });
    expect((await call()).status).toBe(200);
  });

  test.each(others.slice(0, 5))(
    'is usable from %s after a yes, for the time chosen (security rule 14)',
    async (_words, evidence) => {
      await call(evidence);
      door.approve(question(), { lifetime: '15m' });
      expect((await call(evidence)).status).toBe(200);
      expect(questions()).toEqual([]);
      expect(door.grants.list()).toHaveLength(1);
    },
  );

  test('a yes ends with the time that was chosen (security rule 14)', async () => {
    given = await granted(door, agent, { lifetime: '1h' });
    const evidence = evidenceOf({ process: { ...program, inode: '132' } });
    await call(evidence);
    door.approve(question(), { lifetime: '15m' });
    expect((await call(evidence)).status).toBe(200);
    await door.advance(15 * 60_000);
    given = { ...given, ...(await refreshed(given)) };
    expect((await call(evidence)).status).toBe(409);
  });

  test('a no holds for ten minutes without another question (security rule 14)', async () => {
    given = await granted(door, agent, { lifetime: '1h' });
    const [, evidence] = others[0] ?? [];
    await call(evidence);
    door.approvals.deny(question().id);
    const refused = await call(evidence);
    expect([refused.status, refused.body['code'], refused.body['reason']]).toEqual([403, 'approval_denied', 'program_changed']);
    expect(questions()).toEqual([]);
    await door.advance(10 * 60_000);
    given = { ...given, ...(await refreshed(given)) };
    expect((await call(evidence)).body['code']).toBe('approval_pending');
  });

  test('is not redeemed nor refreshed by another program: its poll waits as for any answer (security rule 14)', async () => {
    const asked = await agent.ask();
    door.approve(door.onlyPending());
    door.platform.processes.evidence = evidenceOf({ process: { ...program, inode: '132' } });
    const polled = await agent.poll(asked.auth_req_id);
    expect(polled.body).toMatchObject({ error: 'authorization_pending', reason: 'program_changed' });
    const refreshing = await agent.refresh(given.refreshToken);
    expect(refreshing.body).toMatchObject({ error: 'authorization_pending', reason: 'program_changed' });
    door.approve(question());
    expect((await agent.poll(asked.auth_req_id)).status).toBe(200);
    expect((await agent.refresh(given.refreshToken)).status).toBe(200);
  });

  test('that was approved without evidence keeps what its first redeemer shows (security rule 14)', async () => {
    door.platform.processes.evidence = unknownEvidence;
    const asked = await agent.ask();
    door.approve(door.onlyPending());
    door.platform.processes.evidence = evidenceOf();
    expect((await agent.poll(asked.auth_req_id)).status).toBe(200);
    const [newest] = door.grants.list();
    expect(newest?.evidence).toMatchObject({ device: program.device, inode: program.inode, rootPid: root.pid });
  });

  test('is not opened to a program by another grant that was approved without seeing it (security rule 14)', async () => {
    const evidence = evidenceOf({ process: { ...program, inode: '132' } });
    door.platform.processes.evidence = unknownEvidence;
    const asked = await agent.ask();
    door.approve(door.onlyPending());
    door.platform.processes.evidence = evidence;
    expect((await agent.poll(asked.auth_req_id)).status).toBe(200);
    expect((await call(evidence)).body).toMatchObject({ code: 'approval_pending', reason: 'program_changed' });
  });

  test('is opened to a program that the person saw on the card of another one (security rule 14)', async () => {
    const evidence = evidenceOf({ process: { ...program, inode: '132', executableVerified: false } });
    door.platform.processes.evidence = evidence;
    const asked = await agent.ask();
    door.approve(door.onlyPending());
    expect((await agent.poll(asked.auth_req_id)).status).toBe(200);
    expect((await call(evidence)).status).toBe(200);
  });
});

describe('the question whether another program may go on', () => {
  const evidence = evidenceOf({ process: { ...program, executable: '/tmp/other', inode: '132' } });

  test('needs the passphrase, says what changed, and offers nothing to narrow (security rule 14)', async () => {
    await call(evidence);
    const card = door.approvals.card(question().id);
    expect(card.presence).toBe('passphrase');
    expect(card.risk).not.toBe('low');
    expect(card.riskReasons).toContain('It runs in another program than when you allowed this.');
    expect(card.sentence[0]?.text).toBe('Go on from another program: ');
    expect(card.program[0]?.value).toContain('/tmp/other');
    expect(card.details.flatMap(({ fields }) => fields).some(({ narrowable }) => narrowable)).toBe(false);
    expect(card.narrowable).toBe(false);
    expect(card.lifetimes).not.toContain('once');
    expect(() => door.approvals.preview(card.id, { details: question().details, scopes: [], lifetime: '15m' })).toThrow(
      'not within what was asked',
    );
    expect(door.platform.notifier.shown.at(-1)?.title).toContain('Go on from another program');
  });

  test('yields no token, whoever polls, and no second grant', async () => {
    await call(evidence);
    door.approve(question());
    expect(door.grants.list()).toHaveLength(1);
    expect(door.approvals.find(door.approvals.listRecent(1)[0]?.id ?? ('' as never))?.grantId).toBe(given.grantId);
  });

  test('waits three times for one agent at most (security rule 29)', async () => {
    for (let inode = 200; inode < 210; inode += 1)
      expect((await call(evidenceOf({ process: { ...program, inode: String(inode) } }))).status).toBe(409);
    expect(questions()).toHaveLength(3);
  });
});

test('the program is looked at once for each connection', async () => {
  const pool = new Pool(door.issuer, { connections: 1 });
  const before = door.platform.processes.asked.length;
  for (let calls = 0; calls < 3; calls += 1) {
    const url = `${door.issuer}/proxy/demo/accounts`;
    const dpop = proofFor(agent.dpopKey, { htm: 'GET', htu: url, nonce: door.server.nonce(), ath: hashOf(given.accessToken) });
    const headers = { authorization: `DPoP ${given.accessToken}`, dpop };
    const { statusCode, body } = await pool.request({ path: '/proxy/demo/accounts', method: 'GET', headers });
    await body.dump();
    expect(statusCode).toBe(200);
  }
  await pool.close();
  expect(door.platform.processes.asked.length).toBe(before + 1);
});

async function refreshed({ refreshToken }: Granted): Promise<Pick<Granted, 'accessToken' | 'refreshToken'>> {
  door.platform.processes.evidence = evidenceOf();
  const { body } = await agent.refresh(refreshToken);
  return { accessToken: String(body['access_token']), refreshToken: String(body['refresh_token']) };
}
