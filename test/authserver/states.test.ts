import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bindLoopback } from '../../src/gate/gate.ts';
import type { Answer } from './matrix/draft.ts';
import { openOurWorld } from './matrix/our-world.ts';
import { ask, call, poll, refresh } from './matrix/world.ts';

let world: Awaited<ReturnType<typeof openOurWorld>>;

beforeEach(async () => {
  world = await openOurWorld();
});

afterEach(() => world.close());

/** What an agent without a person goes by. */
const guidance = ({ status, body }: Answer) => ({ status, error: body['error'], code: body['code'], next: body['next'] });

async function pendingPoll() {
  const asked = await world.send(await ask.make(world));
  const draft = await poll.make({ ...world, approvedRequest: async () => String(asked.body['auth_req_id']) });
  const [approval] = world.core.approvals.listPending();
  if (approval === undefined) throw new Error('nothing waits');
  return { draft, approval };
}

/** Lets a poll arrive and be held. */
async function held(sending: Promise<Answer>): Promise<void> {
  const isHeld = () => world.core.approvals.listPending()[0]?.pinnedJkt !== undefined;
  for (let turn = 0; turn < 50_000 && !isHeld(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(isHeld()).toBe(true);
  void sending;
}

describe('an agent tells from the body alone what is the matter, at /token and at /proxy', () => {
  test('denied', async () => {
    const { draft, approval } = await pendingPoll();
    world.core.approvals.deny(approval.id);
    expect(guidance(await world.send(draft))).toEqual({
      status: 400,
      error: 'access_denied',
      code: 'approval_denied',
      next: 'tell the person',
    });
  });

  test('expired', async () => {
    const { draft, approval } = await pendingPoll();
    vi.setSystemTime(approval.expiresAt);
    await world.platform.clock.advance(approval.expiresAt - world.platform.clock.now());
    const again = await poll.make({ ...world, approvedRequest: async () => String(draft.params?.['auth_req_id']) });
    expect(guidance(await world.send(again))).toMatchObject({
      error: 'expired_token',
      code: 'approval_expired',
      next: 'ask again',
    });
  });

  test('locked', async () => {
    const drafts = [await refresh.make(world), await call.make(world)];
    world.core.vault.lock();
    for (const draft of drafts) {
      const answer = await world.send(draft);
      expect(guidance(answer)).toEqual({ status: 503, error: 'temporarily_unavailable', code: 'vault_locked', next: 'wait' });
      expect(answer.headers['retry-after']).toBe(String(answer.body['retry_after']));
    }
  });

  test('paused', async () => {
    const drafts = [await ask.make(world), await refresh.make(world), await call.make(world)];
    world.core.agents.pauseAll();
    for (const draft of drafts) {
      const answer = await world.send(draft);
      expect(guidance(answer)).toEqual({ status: 503, error: 'temporarily_unavailable', code: 'agents_paused', next: 'wait' });
      expect(answer.headers['retry-after']).toBe(String(answer.body['retry_after']));
    }
  });

  test('shutting down, also to a poll that waits and is kept', async () => {
    const { draft, approval } = await pendingPoll();
    const waiting = world.send(draft);
    await held(waiting);
    const stopped = world.core.stop();
    const answer = await waiting;
    expect(guidance(answer)).toEqual({ status: 503, error: 'temporarily_unavailable', code: 'stopping', next: 'wait' });
    expect(answer.headers['retry-after']).toBe('5');
    await stopped;
    expect(world.core.approvals.find(approval.id)?.state).toBe('pending');
  });
});

test('a program that is starting says so', async () => {
  const listener = await bindLoopback({ port: 0, hosts: ['127.0.0.1'] });
  try {
    const answer = await fetch(`http://127.0.0.1:${listener.port}/token`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.json()).toMatchObject({ status: 503, error: 'temporarily_unavailable', code: 'starting', next: 'wait' });
  } finally {
    await listener.close();
  }
});
