import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Approval } from '../../src/approvals/approvals.ts';
import type { ApprovalId } from '../../src/base/ids.ts';
import { evidenceOf, unknownEvidence } from '../support/memory-platform.ts';
import { newcomer, type OpenApprovals, openApprovals, payment, refusal } from './open-approvals.ts';

let open: OpenApprovals;
beforeEach(async () => {
  open = await openApprovals();
});
afterEach(() => open.close());

/** What somebody who can write the file does: another body, one version on, without a MAC. */
function forge(id: ApprovalId, change: Partial<Approval>): void {
  const [row] = open.keep.store.all<{ body: string }>('SELECT body FROM approvals WHERE id = ?', id);
  const body = JSON.stringify({ ...(JSON.parse(row!.body) as Approval), ...change });
  open.keep.store.commit([
    { sql: 'UPDATE approvals SET body = ?, version = version + 1, mac = NULL WHERE id = ?', values: [body, id] },
  ]);
}

async function lockAndUnlock(): Promise<void> {
  open.keep.vault.lock();
  await open.keep.unlock();
}

describe('a waiting request that was written into the file', () => {
  test('has the risk of what it asks for, not the one it says (security rule 20)', async () => {
    const { id } = open.ask({ agentId: newcomer, details: [payment], evidence: unknownEvidence });
    forge(id, { risk: 'low', riskReasons: [], evidence: evidenceOf() });
    await lockAndUnlock();
    const card = open.approvals.card(id);
    expect(card).toMatchObject({ risk: 'high', presence: 'passphrase' });
    expect(card.riskReasons).toContain('The program that asks could not be verified.');
    expect(card.program.every((fact) => fact.standing === 'unverified')).toBe(true);
    expect(card.program.map((fact) => fact.value).join()).toContain('Received while Counterfoil was locked');
    const presence = { kind: 'session', at: open.keep.clock.now() } as const;
    const decision = open.decide(id, {}, { presence, agentName: 'Helper' });
    expect(() => open.approvals.approve(decision)).toThrow(refusal('presence_required'));
  });

  test('is at least of medium risk, because nobody vouches for its program (security rule 20)', async () => {
    const { id } = open.ask();
    expect(open.approvals.card(id).risk).toBe('low');
    forge(id, {});
    await lockAndUnlock();
    expect(open.approvals.card(id)).toMatchObject({ risk: 'medium', presence: 'passphrase' });
    expect(open.approvals.listPending()[0]?.risk).toBe('medium');
  });

  test('without another version is not taken over (security rule 3)', async () => {
    const { id } = open.ask();
    open.approvals.card(id);
    open.keep.store.commit([{ sql: 'UPDATE approvals SET mac = NULL WHERE id = ?', values: [id] }]);
    await lockAndUnlock();
    expect(() => open.approvals.card(id)).toThrow(refusal('row_tampered'));
  });
});

test('the risk of a waiting request follows the state of its agent', () => {
  const { agents, keep, approvals, ask } = open;
  const { id } = ask({ agentId: newcomer });
  expect(approvals.card(id).risk).toBe('medium');
  const step = agents.acceptStep(newcomer, 'Trip planner');
  keep.audit.commit(step.change, step.events);
  expect(approvals.card(id).risk).toBe('low');
});

test('settings that were written into the file are off and reported (security rules 3, 12)', async () => {
  const { keep, approvals } = open;
  const body = '{"paused":true,"approveLowRiskOnNotification":true}';
  keep.store.commit([{ sql: "INSERT INTO settings (id, version, body, mac) VALUES ('approvals', 1, ?, NULL)", values: [body] }]);
  await lockAndUnlock();
  expect(approvals.settings()).toEqual({ approveLowRiskOnNotification: false, acceptUnknownTypes: false });
  expect(keep.events()).toContain('row.tampered');
});

test('a card that a program reads was shown to nobody', () => {
  const { keep, approvals, ask } = open;
  const { id } = ask();
  approvals.card(id, 'program');
  expect(keep.events()).not.toContain('approval.shown');
  approvals.card(id);
  expect(keep.events()).toContain('approval.shown');
});
