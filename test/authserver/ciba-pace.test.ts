import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { granted } from './support/granted.ts';
import { heldPoll, until } from './support/held-poll.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { StockAgent } from './support/stock-agent.ts';
import { registerAgent } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
});

afterEach(() => door.close());

const asked = async (parameters: Readonly<Record<string, string>> = {}): Promise<string> =>
  (await agent.ask(parameters)).auth_req_id;

const errorOf = async (id: string): Promise<unknown> => (await agent.poll(id)).body['error'];

/** A poll whose agent leaves at once, so that none is held. */
async function pollAndLeave(id: string): Promise<void> {
  const leaving = new AbortController();
  const { answer } = await heldPoll(door, agent, { id, signal: leaving.signal });
  const held = door.keep.clock.waiting;
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await until(() => door.keep.clock.waiting <= held);
}

/** A poll that must be held, and is answered with what is known after twenty seconds. */
async function pollToItsEnd(id: string): Promise<unknown> {
  const { answer } = await heldPoll(door, agent, { id });
  await door.advance(20_000);
  return (await answer).body['error'];
}

describe('CIBA Core 1.0, section 11: slow_down', () => {
  test('the first poll may come at once', async () => {
    const id = await asked();
    expect(await pollToItsEnd(id)).toBe('authorization_pending');
  });

  test('a poll after one that was held for its time may come at once (section 10.1, long polling)', async () => {
    const id = await asked();
    await pollToItsEnd(id);
    expect(await pollToItsEnd(id)).toBe('authorization_pending');
  });

  test('a poll sooner than the interval is told to slow down, with 400', async () => {
    const id = await asked();
    await pollAndLeave(id);
    await door.advance(999);
    const answer = await agent.poll(id);
    expect([answer.status, answer.body['error']]).toEqual([400, 'slow_down']);
  });

  test('a poll at the interval is not', async () => {
    const id = await asked();
    await pollAndLeave(id);
    await door.advance(1_000);
    expect(await pollToItsEnd(id)).toBe('authorization_pending');
  });

  test('each one adds five seconds to the interval', async () => {
    const id = await asked();
    await pollAndLeave(id);
    expect(await errorOf(id)).toBe('slow_down');
    await door.advance(5_999);
    expect(await errorOf(id)).toBe('slow_down');
    await door.advance(10_999);
    expect(await errorOf(id)).toBe('slow_down');
    await door.advance(16_000);
    expect(await pollToItsEnd(id)).toBe('authorization_pending');
  });

  test('the longer interval stays, for this and all later polls', async () => {
    const id = await asked();
    await pollAndLeave(id);
    expect(await errorOf(id)).toBe('slow_down');
    await door.advance(6_000);
    await pollAndLeave(id);
    await door.advance(5_999);
    expect(await errorOf(id)).toBe('slow_down');
  });

  test('is measured for each auth_req_id: another request of the same agent keeps its own pace', async () => {
    const [one, two] = [await asked(), await asked()];
    await pollAndLeave(one);
    expect(await errorOf(one)).toBe('slow_down');
    await pollToItsEnd(two);
  });

  test('goes by time that has passed: a clock that is set ahead or back neither helps nor hurts', async () => {
    const id = await asked();
    await pollAndLeave(id);
    door.keep.clock.set(door.keep.clock.now() - 1_500);
    expect(await errorOf(id)).toBe('slow_down');
  });

  test('a poll that overlaps another too soon is told so, and the other one stays held (section 10.1)', async () => {
    const id = await asked();
    const first = await heldPoll(door, agent, { id });
    expect(await errorOf(id)).toBe('slow_down');
    door.approve(door.onlyPending());
    expect((await first.answer).status).toBe(200);
  });

  test('a poll that overlaps another after the interval takes its place', async () => {
    const id = await asked();
    const first = await heldPoll(door, agent, { id });
    await door.advance(1_000);
    const second = await heldPoll(door, agent, { id });
    expect((await first.answer).body['error']).toBe('authorization_pending');
    door.approve(door.onlyPending());
    expect((await second.answer).status).toBe(200);
  });

  test('of many polls at once one is held', async () => {
    const id = await asked();
    const first = await heldPoll(door, agent, { id });
    const answers = await Promise.all(Array.from({ length: 5 }, () => errorOf(id)));
    expect(answers).toEqual(Array.from({ length: 5 }, () => 'slow_down'));
    door.approve(door.onlyPending());
    expect((await first.answer).status).toBe(200);
  });

  test('an answer is given at once, whatever the pace', async () => {
    const id = await asked();
    await pollAndLeave(id);
    door.approve(door.onlyPending());
    expect((await agent.poll(id)).status).toBe(200);
  });
});

describe('CIBA Core 1.0, section 11: invalid_request for an agent that does not stop', () => {
  async function hammer(id: string): Promise<void> {
    await pollAndLeave(id);
    for (let count = 0; count < 5; count += 1) expect(await errorOf(id)).toBe('slow_down');
    expect(await errorOf(id)).toBe('invalid_request');
  }

  test('comes with the sixth poll that came too early', async () => {
    await hammer(await asked());
  });

  test('ends the question, and the log says why', async () => {
    await hammer(await asked());
    expect(door.approvals.listPending()).toEqual([]);
    const cancelled = door.keep.audit.list({}).filter(({ event }) => event === 'approval.cancelled');
    expect(cancelled).toMatchObject([{ reason: 'the agent polled too fast', agentId: agent.id }]);
  });

  test('is final: the id gets nothing else, at any pace, after a restart either', async () => {
    const id = await asked();
    await hammer(id);
    await door.advance(60_000);
    expect(await errorOf(id)).toBe('invalid_request');
    door = await door.restart();
    expect(await errorOf(id)).toBe('invalid_request');
  });

  test('says nothing about another request of the same agent', async () => {
    const [one, two] = [await asked(), await asked({ binding_message: 'the other' })];
    await hammer(one);
    expect(door.onlyPending().bindingMessage).toBe('the other');
    door.approve(door.onlyPending());
    expect((await agent.poll(two)).status).toBe(200);
  });
});

describe('CIBA Core 1.0, section 11: expired_token', () => {
  test('comes at the end of the request to a poll that is held', async () => {
    const id = await asked({ requested_expiry: '30' });
    await door.advance(20_000);
    const { answer } = await heldPoll(door, agent, { id });
    await door.advance(9_999);
    expect(door.onlyPending().state).toBe('pending');
    await door.advance(1);
    expect([(await answer).status, (await answer).body['error']]).toEqual([400, 'expired_token']);
  });

  test('comes for ten minutes after the end, and then the id is unknown', async () => {
    await granted(door, agent);
    const id = await asked({ requested_expiry: '30' });
    await door.advance(30_000 + 599_000);
    door.server.sweep();
    expect(await errorOf(id)).toBe('expired_token');
    await door.advance(1_000);
    door.server.sweep();
    expect(await errorOf(id)).toBe('invalid_grant');
  });

  test('comes after a restart, also when the time ended while nothing ran', async () => {
    const id = await asked({ requested_expiry: '30' });
    await door.advance(1_000);
    const restarted = door.restart();
    await door.advance(30_000);
    door = await restarted;
    expect(await errorOf(id)).toBe('expired_token');
  });
});

describe('a restart', () => {
  test('loses no question: polls go on, at the first interval, and get the answer', async () => {
    const id = await asked();
    await pollAndLeave(id);
    expect(await errorOf(id)).toBe('slow_down');
    await door.advance(1_000);
    door = await door.restart();
    const { answer } = await heldPoll(door, agent, { id });
    door.approve(door.onlyPending());
    expect((await answer).status).toBe(200);
  });
});
