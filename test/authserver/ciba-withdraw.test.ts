import * as oauth from 'openid-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { granted } from './support/granted.ts';
import { heldPoll } from './support/held-poll.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { Answer, StockAgent } from './support/stock-agent.ts';
import { newKey, proofFor, question, registerAgent, send } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
});

afterEach(() => door.close());

const asked = async (): Promise<string> => (await agent.ask()).auth_req_id;
const withdraw = (token: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  agent.post('/revoke', { token }, { headers });
const cancelled = () => door.keep.audit.list({}).filter(({ event }) => event === 'approval.cancelled');
const proof = (key = agent.dpopKey) => ({
  DPoP: proofFor(key, { htm: 'POST', htu: `${door.issuer}/revoke`, nonce: door.server.nonce() }),
});

describe('an agent withdraws its request at the revocation endpoint (RFC 7009)', () => {
  test('by openid-client: the question is gone, and the log says by whom', async () => {
    const id = await asked();
    await oauth.tokenRevocation(agent.config, id);
    expect(door.approvals.listPending()).toEqual([]);
    expect(cancelled()).toMatchObject([{ agentId: agent.id, reason: 'withdrawn by the agent', approver: 'none' }]);
  });

  test('with 200 and no body', async () => {
    const answer = await withdraw(await asked());
    expect([answer.status, answer.body]).toEqual([200, {}]);
  });

  test.each(['urn:counterfoil:auth_req_id', 'access_token', 'refresh_token'])(
    'whatever the hint %s says (section 2.1: the search is extended)',
    async (token_type_hint) => {
      const id = await asked();
      expect((await agent.post('/revoke', { token: id, token_type_hint })).status).toBe(200);
      expect(door.approvals.listPending()).toEqual([]);
    },
  );

  test('twice, with the same answer and one entry in the log', async () => {
    const id = await asked();
    for (const answer of [await withdraw(id), await withdraw(id)]) expect(answer.status).toBe(200);
    expect(cancelled()).toHaveLength(1);
  });

  test('a poll that is held hears it at once, and later ones too: invalid_grant, the id was revoked (RFC 6749, 5.2)', async () => {
    const id = await asked();
    const { answer } = await heldPoll(door, agent, { id });
    await withdraw(id);
    expect([(await answer).status, (await answer).body['error']]).toEqual([400, 'invalid_grant']);
    expect((await agent.poll(id)).body['error']).toBe('invalid_grant');
  });

  test('the person cannot say yes any more', async () => {
    const id = await asked();
    const approval = door.onlyPending();
    await withdraw(id);
    expect(() => door.approve(approval)).toThrow(expect.objectContaining({ code: 'approval_decided' }) as Error);
    expect(door.approvals.card(approval.id).state).toBe('cancelled');
  });

  test('while locked, and across a restart', async () => {
    const id = await asked();
    door.keep.vault.lock();
    expect((await withdraw(id)).status).toBe(200);
    await door.advance(1_000);
    door = await door.restart();
    expect(door.approvals.listPending()).toEqual([]);
    expect((await agent.poll(id)).body['error']).toBe('invalid_grant');
  });

  test('a place among those that wait is free again', async () => {
    const ids = [];
    for (let count = 0; count < 10; count += 1) ids.push(await asked());
    expect((await agent.post('/bc-authorize', question(agent.resource))).status).toBe(429);
    await withdraw(ids[0]!);
    expect((await agent.post('/bc-authorize', question(agent.resource))).status).toBe(200);
  });
});

describe('what was answered is not withdrawn', () => {
  test('a no stays a no', async () => {
    const id = await asked();
    door.approvals.deny(door.onlyPending().id);
    expect((await withdraw(id)).status).toBe(200);
    expect((await agent.poll(id)).body['error']).toBe('access_denied');
    expect(cancelled()).toEqual([]);
  });

  test('a yes that was not redeemed ends with its grant', async () => {
    const id = await asked();
    const { grantId } = door.approve(door.onlyPending());
    await withdraw(id);
    expect(door.revoked).toEqual([grantId]);
    expect((await agent.poll(id)).body['error']).toBe('invalid_grant');
  });

  test('a yes that was redeemed goes on: its tokens are revoked by their own names', async () => {
    const { authReqId, refreshToken } = await granted(door, agent);
    expect((await withdraw(authReqId)).status).toBe(200);
    expect(door.revoked).toEqual([]);
    expect((await agent.refresh(refreshToken)).status).toBe(200);
  });
});

describe('nobody else withdraws it', () => {
  test('another agent is told nothing, and changes nothing', async () => {
    const id = await asked();
    const other = await registerAgent(door.issuer, { client_name: 'other' });
    const unknown = await other.post('/revoke', { token: 'made-up' });
    const answer = await other.post('/revoke', { token: id });
    expect([answer.status, answer.body]).toEqual([unknown.status, unknown.body]);
    expect(door.onlyPending().state).toBe('pending');
  });

  test('a caller without the key of the agent is refused', async () => {
    const id = await asked();
    const answer = await send(`${door.issuer}/revoke`, { client_id: agent.id, token: id });
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
    expect(door.onlyPending().state).toBe('pending');
  });

  test('a proof by another key than the request is bound to is refused', async () => {
    const bound = await agent.post('/bc-authorize', question(agent.resource), {
      headers: { DPoP: proofFor(agent.dpopKey, { htm: 'POST', htu: `${door.issuer}/bc-authorize`, nonce: door.server.nonce() }) },
    });
    const id = String(bound.body['auth_req_id']);
    const answer = await withdraw(id, proof(await newKey()));
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_grant']);
    expect(door.onlyPending().state).toBe('pending');
    expect((await withdraw(id, proof())).status).toBe(200);
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('a proof that is not valid is refused', async () => {
    const id = await asked();
    const answer = await withdraw(id, { DPoP: 'a.b.c' });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_dpop_proof']);
    expect(door.onlyPending().state).toBe('pending');
  });

  test('a proof without our nonce gets one', async () => {
    const id = await asked();
    const answer = await withdraw(id, { DPoP: proofFor(agent.dpopKey, { htm: 'POST', htu: `${door.issuer}/revoke` }) });
    expect(answer.body['error']).toBe('use_dpop_nonce');
    expect(answer.headers.get('dpop-nonce')).not.toBeNull();
  });
});
