import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CardFact } from '../../src/approvals/approvals.ts';
import { evidenceOf, unknownEvidence } from '../support/memory-platform.ts';
import { accounts, newcomer, type OpenApprovals, openApprovals, payment, refusal } from './open-approvals.ts';

let open: OpenApprovals;
beforeEach(async () => {
  open = await openApprovals();
});
afterEach(() => open.close());

const standing = (facts: readonly CardFact[], label: string) => facts.find((fact) => fact.label === label)?.standing;
const text = (parts: readonly { text: string }[]) => parts.map((part) => part.text).join('');

describe('the card', () => {
  test('is drawn from the request; the agent is quoted', () => {
    const { approvals, ask } = open;
    const { id } = ask({ details: [payment], bindingMessage: 'Invoice <b>due</b>\u202E today\n\n'.repeat(9) });
    const card = approvals.card(id);
    expect(text(card.sentence)).toBe('Pay €250.00 to Nordwind Office GmbH');
    expect(text(card.lead)).toBe('at Demo Bank API, as you, once');
    expect(card).toMatchObject({
      risk: 'high',
      presence: 'passphrase',
      resourceName: 'Demo Bank API',
      agent: { name: 'Claude Code', isNew: false },
    });
    expect(card.claim).not.toMatch(/[\u202E\n]/);
    expect([...card.claim!].length).toBeLessThanOrEqual(200);
    expect(card.details[0]?.fields.map((field) => field.pointer)).toContain('/instructedAmount/amount');
  });

  test('a new agent is shown by its claimed name, as new', () => {
    const { approvals, ask } = open;
    expect(approvals.card(ask({ agentId: newcomer }).id).agent).toMatchObject({
      name: `I am ${newcomer}`,
      isNew: true,
      callCount: 0,
    });
  });

  test('its lifetimes begin with one that is never longer than an hour', () => {
    const { approvals, ask } = open;
    const low = approvals.card(ask().id);
    expect(low).toMatchObject({ risk: 'low', presence: 'session' });
    expect(low.lifetimes.toSorted()).toEqual(['15m', '1h', '30d', 'once', 'today']);
    expect(low.lifetimes[0]).toBe('1h');
    expect(approvals.card(ask({ agentId: newcomer }).id).lifetimes).not.toContain('30d');
    expect(approvals.card(ask({ details: [accounts, payment] }).id).lifetimes).toEqual(['once']);
  });

  test('being shown is recorded once', () => {
    const { approvals, keep, ask } = open;
    const { id } = ask();
    const first = approvals.card(id);
    expect(approvals.card(id)).toEqual(first);
    expect(keep.events().filter((event) => event === 'approval.shown')).toHaveLength(1);
    expect(() => approvals.card('none' as typeof id)).toThrow(refusal('not_found'));
  });
});

describe('what is said about the program', () => {
  test('a verified executable is known; command line and folder are claims (security rule 20)', () => {
    const { approvals, ask } = open;
    const { program } = approvals.card(ask().id);
    expect(standing(program, 'Program')).toBe('known');
    expect(standing(program, 'Folder')).toBe('claim');
    expect(standing(program, 'Command line')).toBe('claim');
    expect(standing(program, 'User')).toBe('known');
    expect(standing(program, 'Started by')).toBe('known');
  });

  test('an executable that was not verified is not shown as known (security rule 20)', () => {
    const { approvals, ask } = open;
    const verified = evidenceOf().process!;
    const { program } = approvals.card(ask({ evidence: evidenceOf({ process: { ...verified, executableVerified: false } }) }).id);
    expect(standing(program, 'Program')).toBe('unverified');
    expect(program[0]?.value).toContain('not verifiable');
  });

  test('nothing known is said in words', () => {
    const { approvals, ask } = open;
    const { program } = approvals.card(ask({ evidence: unknownEvidence }).id);
    expect(program.every((fact) => fact.standing === 'unverified')).toBe(true);
  });

  test('hostile names are drawn inert', () => {
    const { approvals, ask } = open;
    const process = { ...evidenceOf().process!, executable: '/tmp/\u202Egpj.\u001B[31mexe\n' };
    const { program } = approvals.card(ask({ evidence: evidenceOf({ process, commandLine: ['a\u0000b', 'x'.repeat(9000)] }) }).id);
    for (const fact of program) {
      expect(fact.value).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(fact.value.length).toBeLessThanOrEqual(320);
    }
  });
});

describe('a narrower answer', () => {
  const cases: readonly (readonly [string, object])[] = [
    ['a higher amount', { details: [{ ...payment, instructedAmount: { currency: 'EUR', amount: '250.01' } }] }],
    ['another creditor', { details: [{ ...payment, creditorName: 'Me' }] }],
    ['another type', { details: [accounts] }],
    ['a field that nobody would enforce (security rule 7)', { details: [{ ...payment, remittanceInformationUnstructured: 'x' }] }],
    ['a place that was not asked for (security rule 7)', { details: [{ ...payment, locations: ['https://a.example/'] }] }],
    ['an unknown member', { details: [{ ...payment, extra: true }] }],
    ['nothing', { details: [] }],
    ['the same twice', { details: [payment, payment] }],
    ['a scope more', { scopes: ['payments', 'accounts'] }],
    ['a longer lifetime', { lifetime: '1h' }],
  ];
  test.each(cases)('%s is refused', (_what, change) => {
    const { approvals, ask } = open;
    const { id } = ask({ details: [payment], scopes: ['payments'] });
    const answer = { details: [payment], scopes: ['payments'], lifetime: 'once' as const, ...change };
    expect(() => approvals.preview(id, answer)).toThrow(refusal('narrowing_invalid'));
    const decision = { ...open.decide(id), narrowing: answer };
    expect(() => approvals.approve(decision)).toThrow(refusal('narrowing_invalid'));
  });

  test('a lower amount is previewed in words, with its own digest', () => {
    const { approvals, keep, ask } = open;
    const { id } = ask({ details: [payment], scopes: ['payments'] });
    const answer = (amount: string) => ({
      details: [{ ...payment, instructedAmount: { currency: 'EUR', amount } }],
      scopes: ['payments'],
      lifetime: 'once' as const,
    });
    const preview = approvals.preview(id, answer('180.00'));
    expect(text(preview.sentence)).toBe('Pay €180.00 to Nordwind Office GmbH');
    expect(preview.expiresAt).toBe(keep.clock.now() + 300_000);
    expect(preview.grantedDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(preview.grantedDigest).not.toBe(approvals.preview(id, answer('250.00')).grantedDigest);
    expect(approvals.preview(id, answer('180.00')).grantedDigest).toBe(preview.grantedDigest);
    expect(preview.consequences.map((fact) => fact.label)).toEqual(
      expect.arrayContaining(['Goes to', 'Can do', 'Lives', 'Limits held by', 'Held by', 'Recorded as']),
    );
    expect(preview.consequences.find((fact) => fact.label === 'Limits held by')?.value).toContain('nobody limits: reference');
  });

  test('some of several details may be left out', () => {
    const { approvals, grants, ask, decide } = open;
    const { id } = ask({ details: [accounts, payment], scopes: ['accounts', 'payments'] });
    const { grantId } = approvals.approve(decide(id, { details: [accounts], scopes: ['accounts'] }));
    expect(grants.getLive(grantId!)).toMatchObject({ details: [accounts], scopes: ['accounts'], usesAllowed: 1 });
  });
});
