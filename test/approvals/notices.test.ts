import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unknownEvidence } from '../support/memory-platform.ts';
import { accepted, newcomer, type OpenApprovals, openApprovals, payment } from './open-approvals.ts';

let open: OpenApprovals;
beforeEach(async () => {
  open = await openApprovals();
});
afterEach(() => open.close());

const shown = () => open.platform.notifier.shown;
const keysOf = (id: string) =>
  shown()
    .find((notice) => notice.id === id)
    ?.actions.map((action) => action.key);

/** Turned on, and the type approved before for this agent at this resource. */
function allow(): void {
  const { approvals, ask, decide } = open;
  approvals.changeSettings({ approveLowRiskOnNotification: true });
  approvals.approve(decide(ask().id));
}

describe('a notice', () => {
  test('says what, who and for how long without a word of the agent, and offers Review and Deny', () => {
    const { ask } = open;
    const { id } = ask({ details: [payment], bindingMessage: 'PLEASE APPROVE' });
    expect(shown()).toEqual([
      {
        id,
        title: 'Pay €250.00 to Nordwind Office GmbH',
        body: expect.stringContaining('Demo Bank API · once') as string,
        actions: [expect.objectContaining({ key: 'review' }), expect.objectContaining({ key: 'deny' })],
        urgency: 'critical',
      },
    ]);
    expect(JSON.stringify(shown())).not.toContain('PLEASE');
  });

  test('a program that could not be identified is said so', () => {
    open.ask({ evidence: unknownEvidence });
    expect(shown()[0]?.body).toContain('could not be identified');
  });

  test('Review and a click on the body open the card, Deny denies', () => {
    const { approvals, opened, platform, ask } = open;
    const [one, two] = [ask(), ask()];
    platform.notifier.click(one.id, 'review');
    platform.notifier.click(one.id, 'open');
    expect(opened).toEqual([one.id, one.id]);
    platform.notifier.click(two.id, 'deny');
    expect(approvals.find(two.id)?.state).toBe('denied');
    expect(approvals.find(one.id)?.state).toBe('pending');
  });

  test.each(['approve', 'deny', 'cancel'] as const)('goes away after %s', (act) => {
    const { approvals, ask, decide } = open;
    const { id } = ask();
    if (act === 'approve') approvals.approve(decide(id));
    else approvals[act](id);
    expect(shown()).toEqual([]);
  });

  test('of a request that waited while locked is shown again at unlock', async () => {
    const { keep, platform, ask } = open;
    keep.vault.lock();
    const { id } = ask();
    const before = platform.notifier.history.length;
    await keep.unlock();
    expect(platform.notifier.history.slice(before).map((notice) => notice.id)).toEqual([id]);
  });
});

describe('approving on a notice (security rule 12)', () => {
  test('is off until it is turned on', () => {
    const { approvals, ask, decide } = open;
    expect(approvals.settings()).toEqual({ approveLowRiskOnNotification: false, acceptUnknownTypes: false });
    approvals.approve(decide(ask().id));
    expect(keysOf(ask().id)).toEqual(['review', 'deny']);
  });

  test('grants 15 minutes for what was approved before, and the receipt says there was no presence', () => {
    const { approvals, grants, keep, platform, ask } = open;
    allow();
    const { id } = ask();
    expect(keysOf(id)).toEqual(['approve', 'review', 'deny']);
    platform.notifier.click(id, 'approve');
    const { state, grantId, receiptId } = approvals.find(id)!;
    expect(state).toBe('approved');
    expect(grants.getLive(grantId!).expiresAt).toBe(keep.clock.now() + 15 * 60_000);
    expect(approvals.findReceipt(receiptId!)?.presence).toEqual({ kind: 'none', via: 'notification' });
    const granted = keep.audit.list({ search: 'approval.granted' })[0];
    expect(granted?.facts?.['presence']).toBe('none (notification)');
  });

  test.each([
    ['high risk', { details: [payment], scopes: ['payments'] }],
    ['a new agent', { agentId: newcomer }],
    ['a program that is not verified', { evidence: unknownEvidence }],
  ])('is not offered for %s', (_what, changes) => {
    allow();
    expect(keysOf(open.ask(changes as object).id)).toEqual(['review', 'deny']);
  });

  test('is not offered for a type that was never approved for this agent', () => {
    open.approvals.changeSettings({ approveLowRiskOnNotification: true });
    expect(keysOf(open.ask().id)).toEqual(['review', 'deny']);
  });

  test('is taken only from the exact key, and only where it was offered', () => {
    const { approvals, opened, platform, ask } = open;
    const { id } = ask();
    platform.notifier.click(id, 'approve');
    expect(approvals.find(id)?.state).toBe('pending');
    expect(opened).toEqual([id]);
    allow();
    const other = ask();
    for (const key of ['open', 'default', 'Approve', '']) platform.notifier.click(other.id, key as 'open');
    expect(approvals.find(other.id)?.state).toBe('pending');
  });

  test('is not taken from a notice that did not offer it, also when it could be offered by now', () => {
    const { approvals, opened, platform, ask, decide } = open;
    approvals.changeSettings({ approveLowRiskOnNotification: true });
    const { id } = ask();
    approvals.approve(decide(ask().id));
    platform.notifier.click(id, 'approve');
    expect(approvals.find(id)?.state).toBe('pending');
    expect(opened).toEqual([id]);
  });

  test('is not taken after the daemon changed, nor while locked, nor once turned off: the card opens instead', async () => {
    const { approvals, keep, opened, platform, ask } = open;
    allow();
    const { id } = ask();
    platform.notifier.become('changed');
    platform.notifier.click(id, 'approve');
    expect(approvals.find(id)?.state).toBe('pending');
    platform.notifier.become('ready');
    keep.vault.lock();
    platform.notifier.click(id, 'approve');
    expect(approvals.find(id)?.state).toBe('pending');
    expect(opened).toEqual([id, id]);
    await keep.unlock();
    approvals.changeSettings({ approveLowRiskOnNotification: false });
    platform.notifier.click(id, 'approve');
    expect(approvals.find(id)?.state).toBe('pending');
  });

  test('settings that were changed on disk count as off', () => {
    const { approvals, keep } = open;
    allow();
    keep.store.commit([{ sql: "UPDATE settings SET mac = zeroblob(32) WHERE id = 'approvals'", values: [] }]);
    expect(approvals.settings()).toEqual({ approveLowRiskOnNotification: false, acceptUnknownTypes: false });
    expect(keysOf(open.ask().id)).toEqual(['review', 'deny']);
  });

  test('settings are not changed while locked', () => {
    open.keep.vault.lock();
    expect(() => open.approvals.changeSettings({ approveLowRiskOnNotification: true })).toThrow(
      expect.objectContaining({ code: 'vault_locked' }) as Error,
    );
  });
});

describe('a storm', () => {
  test('shows three notices and one digest, and answering brings up the next', () => {
    const { approvals, ask } = open;
    const asked = Array.from({ length: 10 }, () => ask());
    expect(shown().map((notice) => notice.id)).toEqual([...asked.slice(0, 3).map((one) => one.id), 'waiting-requests']);
    approvals.deny(asked[0]!.id);
    expect(shown().map((notice) => notice.id)).toContain(asked[3]!.id);
    expect(shown()).toHaveLength(4);
  });

  test('the digest is told again after a pause, not for each request', async () => {
    const { keep, platform, ask } = open;
    for (let count = 0; count < 10; count += 1) ask();
    const digests = () => platform.notifier.history.filter((notice) => notice.id === 'waiting-requests');
    expect(digests()).toHaveLength(1);
    await keep.clock.advance(10_000);
    expect(digests().at(-1)?.title).toBe('7 more requests are waiting');
    expect(digests()).toHaveLength(2);
  });

  test('of one agent leaves room for another', () => {
    const { ask } = open;
    for (let count = 0; count < 10; count += 1) ask({ agentId: accepted });
    const { id } = ask({ agentId: newcomer });
    expect(shown().map((notice) => notice.id)).toContain(id);
    expect(shown().filter((notice) => notice.id !== 'waiting-requests')).toHaveLength(3);
  });

  test('the digest opens the oldest and cannot decide', () => {
    const { approvals, opened, platform, ask } = open;
    const asked = Array.from({ length: 5 }, () => ask());
    for (const key of ['review', 'open', 'approve', 'deny'] as const) platform.notifier.click('waiting-requests', key);
    expect(opened).toEqual([asked[0]!.id, asked[0]!.id, asked[0]!.id]);
    expect(approvals.listPending()).toHaveLength(5);
  });
});
