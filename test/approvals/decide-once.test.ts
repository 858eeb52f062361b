import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/base/errors.ts';
import { accounts, newcomer, type OpenApprovals, openApprovals, payment, refusal } from './open-approvals.ts';

let open: OpenApprovals;
beforeEach(async () => {
  open = await openApprovals();
});
afterEach(() => open.close());

describe('approving', () => {
  test('creates grant and receipt in one step with both digests (security rule 24)', () => {
    const { approvals, grants, keep, ask, decide } = open;
    const { id } = ask({ requestedJkt: 'agent-key' });
    const before = keep.events().length;
    const approved = approvals.approve(decide(id, { details: [{ ...accounts, actions: ['read_balances'] }], lifetime: '15m' }));
    expect(keep.events().slice(before)).toEqual(['approval.shown', 'approval.granted', 'grant.created']);
    expect(grants.getLive(approved.grantId!)).toMatchObject({
      approvalId: id,
      details: [{ type: 'account_information', actions: ['read_balances'] }],
      scopes: ['accounts'],
      agentJkt: 'agent-key',
      expiresAt: keep.clock.now() + 15 * 60_000,
      evidence: { executable: expect.any(String) as string },
    });
    expect(approvals.findReceipt(approved.receiptId!)).toMatchObject({
      approvalId: id,
      grantId: approved.grantId,
      askedDigest: approved.askedDigest,
      grantedDigest: approved.grantedDigest,
      agentJkt: 'agent-key',
      presence: { kind: 'passphrase' },
    });
    expect(approved.grantedDigest).not.toBe(approved.askedDigest);
  });

  test('the receipt learns the key of an agent that polls after the answer, once (security rule 24)', () => {
    const { approvals, ask, decide } = open;
    const { id } = ask();
    const { receiptId } = approvals.approve(decide(id));
    expect(approvals.findReceipt(receiptId!)?.agentJkt).toBeUndefined();
    approvals.pinKey(id, 'late-key');
    expect(approvals.findReceipt(receiptId!)?.agentJkt).toBe('late-key');
    expect(() => approvals.pinKey(id, 'other-key')).toThrow(refusal('key_mismatch'));
  });

  test('a type that is spent by its first use is granted once, for five minutes', () => {
    const { approvals, grants, keep, ask, decide } = open;
    const { id } = ask({ details: [payment], scopes: ['payments'] });
    expect(approvals.card(id).lifetimes).toEqual(['once']);
    const { grantId } = approvals.approve(decide(id));
    expect(grants.getLive(grantId!)).toMatchObject({ usesAllowed: 1, expiresAt: keep.clock.now() + 300_000, risk: 'high' });
  });

  test('a new agent is accepted by the same answer, and needs a name', () => {
    const { agents, approvals, keep, ask, decide } = open;
    const { id } = ask({ agentId: newcomer });
    expect(() => approvals.approve(decide(id))).toThrow(refusal('invalid_input'));
    expect(agents.get(newcomer).state).toBe('pending');
    approvals.approve(decide(id, {}, { agentName: 'Newcomer' }));
    expect(agents.get(newcomer)).toMatchObject({ state: 'accepted', name: 'Newcomer' });
    expect(keep.events()).toContain('agent.accepted');
  });

  test('nothing of it happens when one part is refused', () => {
    const { agents, approvals, grants, ask, decide } = open;
    const { id } = ask({ agentId: newcomer });
    expect(() => approvals.approve(decide(id, {}, { agentName: 'Claude Code' }))).toThrow(refusal('invalid_input'));
    expect(approvals.find(id)?.state).toBe('pending');
    expect(agents.get(newcomer).state).toBe('pending');
    expect(grants.list()).toEqual([]);
  });
});

describe('a decision is made once', () => {
  test.each(['approve', 'deny', 'cancel', 'expire'] as const)('after %s nothing else is possible (security rule 25)', (first) => {
    const { approvals, keep, ask, decide } = open;
    const { id } = ask();
    const decision = decide(id);
    if (first === 'approve') approvals.approve(decision);
    if (first === 'deny') approvals.deny(id, 'no');
    if (first === 'cancel') approvals.cancel(id);
    if (first === 'expire') keep.clock.set(keep.clock.now() + 300_000);
    const { state } = first === 'expire' ? { state: 'expired' } : approvals.find(id)!;
    const code = refusal(first === 'expire' ? 'approval_expired' : 'approval_decided');
    expect(() => approvals.approve(decision)).toThrow(code);
    expect(() => approvals.deny(id)).toThrow(code);
    approvals.cancel(id);
    approvals.expireDue();
    expect(approvals.find(id)?.state).toBe(state);
  });

  test('approve, deny, cancel and expire raced from eight clients leave one final state and at most one grant', async () => {
    const { approvals, grants, keep, ask, decide } = open;
    for (let round = 0; round < 40; round += 1) {
      const { id } = ask({ expiresAt: keep.clock.now() + 1000 + round });
      const decision = decide(id);
      const before = grants.list().length;
      const acts = [
        () => approvals.approve(decision),
        () => approvals.deny(id),
        () => approvals.cancel(id),
        () => approvals.expireDue(),
        () => approvals.pinKey(id, 'key'),
      ];
      const order = Array.from({ length: 8 }, (_, index) => acts[(round * 7 + index * (1 + (round % 3))) % acts.length]!);
      await Promise.allSettled(order.map(async (act) => act()));
      const created = grants.list().length - before;
      const { state } = approvals.find(id)!;
      expect(state).not.toBe('pending');
      expect(created).toBe(state === 'approved' ? 1 : 0);
    }
    const ends = keep.events().filter((event) => /^approval\.(granted|denied|expired|cancelled)$/.test(event));
    expect(ends).toHaveLength(40);
  });

  test('a request without an answer expires by itself and is never approved by time', async () => {
    const { approvals, keep, ask } = open;
    const { id } = ask();
    const waiting = approvals.waitForDecision(id, 600_000);
    await keep.clock.advance(300_000);
    expect((await waiting).state).toBe('expired');
    expect(keep.events()).toContain('approval.expired');
    expect(open.platform.notifier.shown).toEqual([]);
  });
});

describe('what was shown is what is decided', () => {
  test('another asked digest, card version or granted digest refuses (security rule 25)', () => {
    const { approvals, ask, decide } = open;
    const { id } = ask();
    const good = decide(id);
    for (const change of [
      { askedDigest: good.askedDigest.replace(/^./, (c) => (c === '0' ? '1' : '0')) },
      { cardVersion: good.cardVersion + 1 },
      { grantedDigest: '0'.repeat(64) },
      { narrowing: { ...good.narrowing, lifetime: '15m' as const } },
      { narrowing: { ...good.narrowing, scopes: [] } },
    ]) {
      expect(() => approvals.approve({ ...good, ...change })).toThrow(refusal('card_changed'));
    }
    expect(approvals.find(id)?.state).toBe('pending');
    expect(approvals.approve(good).state).toBe('approved');
  });

  test('a poll that pins a key does not change the card', () => {
    const { approvals, ask, decide } = open;
    const { id } = ask();
    const decision = decide(id);
    approvals.pinKey(id, 'jkt');
    expect(approvals.approve(decision)).toMatchObject({ state: 'approved', pinnedJkt: 'jkt' });
  });

  test('an agent that was accepted by another card changes this one', () => {
    const { approvals, ask, decide } = open;
    const first = ask({ agentId: newcomer });
    const second = ask({ agentId: newcomer });
    const stale = decide(second.id, {}, { agentName: 'Newcomer' });
    approvals.approve(decide(first.id, {}, { agentName: 'Newcomer' }));
    expect(() => approvals.approve(stale)).toThrow(refusal('card_changed'));
    expect(approvals.approve(decide(second.id)).state).toBe('approved');
  });
});

describe('who may decide', () => {
  test('medium and high risk need a fresh factor, low risk the session (security rule 1)', () => {
    const { approvals, keep, ask, decide } = open;
    const session = { presence: { kind: 'session', at: keep.clock.now() } } as const;
    const risky = ask({ details: [payment], scopes: ['payments'] });
    expect(() => approvals.approve(decide(risky.id, {}, session))).toThrow(refusal('presence_required'));
    const medium = ask({ agentId: newcomer });
    expect(() => approvals.approve(decide(medium.id, {}, { ...session, agentName: 'N' }))).toThrow(refusal('presence_required'));
    const low = ask();
    expect(approvals.approve(decide(low.id, {}, session)).state).toBe('approved');
  });

  test('a factor that was given long ago, or in the future, is none', () => {
    const { approvals, keep, ask, decide } = open;
    const { id } = ask({ details: [payment] });
    for (const at of [keep.clock.now() - 121_000, keep.clock.now() + 1000]) {
      const decision = decide(id, {}, { presence: { kind: 'passphrase', at } });
      expect(() => approvals.approve(decision)).toThrow(refusal('presence_required'));
    }
  });

  test('while locked nothing is approved, and denying works', async () => {
    const { approvals, keep, ask, decide } = open;
    const [one, two] = [ask(), ask()];
    const decision = decide(one.id);
    keep.vault.lock();
    expect(() => approvals.approve(decision)).toThrow(refusal('vault_locked'));
    expect(approvals.deny(two.id).state).toBe('denied');
    await keep.unlock();
    expect(approvals.find(two.id)?.state).toBe('denied');
    expect(approvals.approve(decide(one.id)).state).toBe('approved');
  });

  test('an agent that is suspended, or all paused, while its request waits is not approved and loses nothing', () => {
    const { agents, approvals, ask, decide } = open;
    const { id } = ask();
    agents.suspend(ask().agentId);
    expect(() => approvals.approve(decide(id))).toThrow(refusal('agent_suspended'));
    agents.resume(approvals.find(id)!.agentId);
    agents.pauseAll();
    expect(() => approvals.approve(decide(id))).toThrow(refusal('agents_paused'));
    agents.resumeAll();
    expect(approvals.approve(decide(id)).state).toBe('approved');
  });

  test('requests of a removed agent are cancelled', () => {
    const { agents, approvals, ask } = open;
    const { id, agentId } = ask();
    agents.remove(agentId);
    expect(approvals.find(id)?.state).toBe('cancelled');
    try {
      ask();
    } catch (error) {
      expect(isRefusal(error, 'agent_unknown')).toBe(true);
    }
  });
});

describe('denying', () => {
  test('keeps a plain reason of at most 200 characters for the agent', () => {
    const { approvals, ask } = open;
    expect(approvals.deny(ask().id, 'not\u202E to\nday').denialReason).toBe('not to day');
    expect(approvals.deny(ask().id).denialReason).toBeUndefined();
    expect(() => approvals.deny(ask().id, 'x'.repeat(201))).toThrow(refusal('invalid_input'));
  });

  test('wakes a poll that waits', async () => {
    const { approvals, ask } = open;
    const { id } = ask();
    const waiting = approvals.waitForDecision(id, 20_000);
    approvals.deny(id, 'no');
    expect(await waiting).toMatchObject({ state: 'denied', denialReason: 'no' });
  });

  test('a poll that waited its time gets the state of now', async () => {
    const { approvals, keep, ask } = open;
    const { id } = ask();
    const waiting = approvals.waitForDecision(id, 20_000);
    await keep.clock.advance(20_000);
    expect((await waiting).state).toBe('pending');
    expect(keep.clock.waiting).toBe(1);
  });
});
