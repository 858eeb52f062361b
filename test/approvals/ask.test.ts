import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApprovalRequest } from '../../src/approvals/approvals.ts';
import { isRefusal, type Refusal } from '../../src/base/errors.ts';
import { type AgentId, asId } from '../../src/base/ids.ts';
import { evidenceOf, unknownEvidence } from '../support/memory-platform.ts';
import {
  accepted,
  accounts,
  newcomer,
  type OpenApprovals,
  openApprovals,
  payment,
  refusal,
  registration,
} from './open-approvals.ts';

let open: OpenApprovals;
beforeEach(async () => {
  open = await openApprovals();
});
afterEach(() => open.close());

const catchRefusal = (act: () => unknown): Refusal | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
};

describe('asking', () => {
  test('is on disk before it returns, and a restart keeps the question', async () => {
    const { approvals, ask } = open;
    const { id, authReqHash } = ask();
    expect(approvals.findByRequest(authReqHash)?.id).toBe(id);
    const again = await open.restart();
    expect(again.approvals.listPending().map((one) => one.id)).toEqual([id]);
    await again.keep.unlock();
    expect(again.approvals.approve(again.decide(id)).state).toBe('approved');
    again.approvals.stop();
  });

  test('equal requests have equal asked digests, whatever the order of members and scopes', () => {
    const { ask } = open;
    const one = ask({ scopes: ['accounts', 'payments'] });
    const two = ask({ details: [{ actions: accounts.actions, type: accounts.type }], scopes: ['payments', 'accounts'] });
    expect(one.askedDigest).toBe(two.askedDigest);
    expect(ask({ details: [payment] }).askedDigest).not.toBe(one.askedDigest);
  });

  const refused: readonly { who: string; code: string; prepare?: () => void; changes?: Partial<ApprovalRequest> }[] = [
    { who: 'a suspended agent', code: 'agent_suspended', prepare: () => open.agents.suspend(accepted) },
    { who: 'every agent while paused', code: 'agents_paused', prepare: () => open.agents.pauseAll() },
    { who: 'an unknown agent', code: 'agent_unknown', changes: { agentId: asId('nobody') } },
    { who: 'an unknown resource', code: 'resource_unknown', changes: { resourceId: asId('nowhere') } },
    { who: 'an unknown type', code: 'details_unknown_type', changes: { details: [{ type: 'mystery' }] } },
    { who: 'a request for nothing', code: 'details_invalid', changes: { details: [] } },
    { who: 'a request that is over', code: 'approval_expired', changes: { expiresAt: 1 } },
  ];
  test.each(refused)('$who is refused', ({ code, prepare, changes }) => {
    prepare?.();
    expect(() => open.ask(changes)).toThrow(refusal(code));
    expect(open.approvals.listPending()).toEqual([]);
  });

  test('an agent has at most ten requests waiting, and others are not affected', () => {
    const { approvals, keep, ask } = open;
    for (let count = 0; count < 10; count += 1) ask();
    expect(() => ask()).toThrow(refusal('rate_limited'));
    expect(ask({ agentId: newcomer }).state).toBe('pending');
    keep.clock.set(keep.clock.now() + 300_000);
    expect(ask().state).toBe('pending');
    expect(approvals.listPending()).toHaveLength(1);
  });

  test('an agent is not answered thirty times in ten minutes at most, over restarts too, and others are not affected (security rule 29)', async () => {
    const { keep } = open;
    let again = open;
    for (let count = 0; count < 30; count += 1) {
      again.ask({ expiresAt: keep.clock.now() + 1_000 });
      keep.clock.set(keep.clock.now() + 1_000);
      if (count === 20) {
        again = await open.restart();
        await again.keep.unlock();
      }
    }
    const refused = catchRefusal(() => again.ask());
    expect(refused).toMatchObject({
      code: 'rate_limited',
      members: { 'violated-policies': ['questions'] },
      retryAfterSeconds: 570,
    });
    expect(again.ask({ agentId: newcomer }).state).toBe('pending');
    keep.clock.set(keep.clock.now() + 570_000);
    expect(again.ask().state).toBe('pending');
  });

  test('answered requests count for nothing', () => {
    const { approvals, ask } = open;
    for (let count = 0; count < 40; count += 1) approvals.deny(ask().id);
    expect(ask().state).toBe('pending');
  });

  test('agents that nobody has accepted share a part of the room, and cannot fill it (security rule 29)', () => {
    const { agents, ask } = open;
    const strangers = [newcomer, ...['one', 'two', 'three'].map((name) => asId<AgentId>(name))];
    for (const id of strangers.slice(1)) {
      agents.register({
        ...registration(id),
        registrationEvidence: evidenceOf({
          root: { pid: id.length * 7 + id.charCodeAt(0), executableVerified: true, startTime: id },
        }),
      });
    }
    const opened = strangers.flatMap((agentId) => Array.from({ length: 10 }, () => catchRefusal(() => ask({ agentId }))));
    expect(opened.filter((refusal) => refusal === undefined)).toHaveLength(30);
    expect(opened.at(-1)).toMatchObject({ members: { 'violated-policies': ['pending-approvals-of-new-agents'] } });
    expect(ask().state).toBe('pending');
  });

  test('what nobody answered is forgotten after a day, a no after 31, and nothing that waits or was approved', async () => {
    const { approvals, keep, ask, decide } = open;
    const [unanswered, denied, approved] = [ask(), ask(), ask()];
    approvals.deny(denied.id);
    approvals.approve(decide(approved.id));
    const left = () => [unanswered, denied, approved].filter(({ id }) => approvals.find(id) !== undefined).length;
    keep.clock.set(unanswered.expiresAt + 86_399_999);
    approvals.expireDue();
    const waiting = ask();
    approvals.forgetOutlived();
    expect(left()).toBe(3);
    keep.clock.set(unanswered.expiresAt + 86_400_000);
    keep.vault.lock();
    approvals.forgetOutlived();
    expect(left()).toBe(3);
    await keep.unlock();
    approvals.forgetOutlived();
    expect(left()).toBe(2);
    expect(approvals.find(waiting.id)?.state).toBe('pending');
    keep.clock.set(unanswered.expiresAt + 31 * 86_400_000);
    approvals.forgetOutlived();
    expect(left()).toBe(1);
    expect(approvals.find(approved.id)?.receiptId).toBeDefined();
  });

  test('works while locked, and the request is taken over at unlock (security rule 23)', async () => {
    const { approvals, keep, ask, decide } = open;
    keep.vault.lock();
    const { id } = ask();
    await keep.unlock();
    expect(approvals.approve(decide(id)).state).toBe('approved');
  });

  test('a request whose details were changed on disk while locked is not taken over (security rule 23)', async () => {
    const { approvals, keep, ask } = open;
    keep.vault.lock();
    const { id } = ask();
    keep.store.commit([
      {
        sql: "UPDATE approvals SET body = json_set(body, '$.details[0].actions[0]', 'read_transactions') WHERE id = ?",
        values: [id],
      },
    ]);
    await keep.unlock();
    expect(() => approvals.find(id)).toThrow(refusal('row_tampered'));
    expect(approvals.listPending()).toEqual([]);
    expect(keep.events()).toContain('row.tampered');
  });

  test('an "approved" that was written on disk is never believed (security rule 3)', async () => {
    const { approvals, keep, ask } = open;
    const { id } = ask();
    keep.vault.lock();
    keep.store.commit([
      { sql: "UPDATE approvals SET body = json_set(body, '$.state', 'approved'), state = 'approved', mac = NULL", values: [] },
    ]);
    await keep.unlock();
    expect(() => approvals.find(id)).toThrow(refusal('row_tampered'));
  });
});

describe('the key that polls', () => {
  test('is pinned by the first and no other is taken', () => {
    const { approvals, ask } = open;
    const { id } = ask();
    expect(approvals.pinKey(id, 'first').pinnedJkt).toBe('first');
    expect(approvals.pinKey(id, 'first').pinnedJkt).toBe('first');
    expect(() => approvals.pinKey(id, 'second')).toThrow(refusal('key_mismatch'));
  });

  test('is the one that the request was sent with', () => {
    const { approvals, ask } = open;
    const { id } = ask({ requestedJkt: 'asked' });
    expect(() => approvals.pinKey(id, 'other')).toThrow(refusal('key_mismatch'));
    expect(approvals.pinKey(id, 'asked').pinnedJkt).toBe('asked');
  });
});

describe('risk', () => {
  test('comes from the type, and is medium at least for a new agent or an unverified program (security rule 20)', () => {
    const { ask } = open;
    expect(ask()).toMatchObject({ risk: 'low', riskReasons: [] });
    expect(ask({ details: [accounts, payment] })).toMatchObject({ risk: 'high', riskReasons: ['It moves money.'] });
    expect(ask({ agentId: newcomer }).risk).toBe('medium');
    expect(ask({ evidence: unknownEvidence }).risk).toBe('medium');
    const shared = evidenceOf({ otherHolders: [{ pid: 9, executableVerified: true }] });
    expect(ask({ evidence: shared }).risk).toBe('medium');
  });
});
