import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashOf } from '../../src/base/ids.ts';
import { type OpenApprovals, openApprovals, refusal } from './open-approvals.ts';

let open: OpenApprovals;
beforeEach(async () => {
  open = await openApprovals();
});
afterEach(() => open.close());

const repeat = { key: hashOf('first'), content: hashOf('everything in it') };

describe('a request that is asked again', () => {
  test('is found by its key, after a restart too, and by no other', async () => {
    const asked = open.ask({ repeat });
    open.ask();
    open = await open.restart();
    await open.keep.unlock();
    expect(open.approvals.findRepeat(repeat.key)?.id).toBe(asked.id);
    expect(open.approvals.findRepeat(hashOf('second'))).toBeUndefined();
  });

  test('goes by its new id from then on, and not by the first one', () => {
    const asked = open.ask({ repeat });
    open.approvals.askedAgain(asked.id, hashOf('another auth_req_id'));
    expect(open.approvals.findByRequest(hashOf('another auth_req_id'))?.id).toBe(asked.id);
    expect(open.approvals.findByRequest(asked.authReqHash)).toBeUndefined();
    expect(open.approvals.listPending()).toHaveLength(1);
  });

  test('is the same question while locked, and is taken over at the unlock (security rule 23)', async () => {
    const asked = open.ask({ repeat });
    open.keep.vault.lock();
    open.approvals.askedAgain(asked.id, hashOf('another auth_req_id'));
    await open.keep.unlock();
    expect(open.approvals.findByRequest(hashOf('another auth_req_id'))?.id).toBe(asked.id);
  });

  test('gets no second way to an answer that was a yes', () => {
    const asked = open.ask({ repeat });
    open.approvals.approve(open.decide(asked.id));
    expect(() => open.approvals.askedAgain(asked.id, hashOf('another auth_req_id'))).toThrow(refusal('approval_decided'));
  });
});

describe('a signed request that was written while locked (security rule 23)', () => {
  const signedRequest = 'sealed';
  const lockedAsk = (): ReturnType<OpenApprovals['ask']> => {
    open.keep.vault.lock();
    return open.ask({ repeat, signedRequest });
  };

  test('is taken over when the agents’ door still knows it', async () => {
    open.approvals.recheckWith((approval) => approval.signedRequest === signedRequest);
    const asked = lockedAsk();
    await open.keep.unlock();
    expect(open.approvals.find(asked.id)?.state).toBe('pending');
  });

  test.each([
    ['the door says no', () => open.approvals.recheckWith(() => false)],
    ['the door gave no check', () => {}],
    [
      'the check fails',
      () =>
        open.approvals.recheckWith(() => {
          throw new Error('broken');
        }),
    ],
  ])('is refused and reported when %s', async (_what, given) => {
    given();
    const asked = lockedAsk();
    await open.keep.unlock();
    expect(open.approvals.listPending()).toEqual([]);
    expect(() => open.approvals.find(asked.id)).toThrow(refusal('row_tampered'));
    expect(open.keep.events()).toContain('row.tampered');
  });
});

test.each([
  ['by-agent', 'withdrawn by the agent'],
  ['polled-too-fast', 'the agent polled too fast'],
] as const)('a request that is withdrawn (%s) says so in the audit log', (withdrawn, reason) => {
  const asked = open.ask();
  open.approvals.cancel(asked.id, withdrawn);
  open.approvals.cancel(asked.id, withdrawn);
  expect(open.approvals.find(asked.id)).toMatchObject({ state: 'cancelled', withdrawn });
  expect(open.approvals.card(asked.id)).toMatchObject({ state: 'cancelled', withdrawn });
  const entries = open.keep.audit.list({}).filter(({ event }) => event === 'approval.cancelled');
  expect(entries).toMatchObject([{ reason, approvalId: asked.id }]);
});
