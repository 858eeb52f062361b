import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accounts, type OpenApprovals, openApprovals, payment, refusal } from './open-approvals.ts';

let open: OpenApprovals;

beforeEach(async () => {
  open = await openApprovals();
});

afterEach(() => open.close());

const mystery = { type: 'example.open-door', door: { number: 7, '\u202Eside': ['front', 'back'] } };
const files = {
  type: 'app.counterfoil.file-access',
  actions: ['list', 'read', 'delete'],
  paths: ['/statements/**', '/contracts/*'],
};

describe('taking a detail out', () => {
  test('takes the scope with it that only this detail needed (security rule 7)', () => {
    const both = open.ask({ details: [accounts, payment, files], scopes: ['accounts', 'payments', 'documents'] });
    const answer = { details: [accounts, files], lifetime: 'once' as const };
    const shown = open.approvals.preview(both.id, { ...answer, scopes: both.scopes });
    expect(shown.consequences).toContainEqual(expect.objectContaining({ label: 'Scopes', value: 'accounts documents' }));
    const { details } = open.approvals.card(both.id);
    expect(shown.parts).toEqual([details[0]?.sentence, details[2]?.sentence]);
    const { grantId } = open.approvals.approve(open.decide(both.id, answer));
    expect(open.grants.find(grantId!)).toMatchObject({ details: [accounts, files], scopes: ['accounts', 'documents'] });
  });

  test('leaves a scope that another detail needs as well', () => {
    const other = { type: 'account_information', actions: ['read_balances'], identifier: 'main' };
    const asked = open.ask({ details: [accounts, other], scopes: ['accounts'] });
    const { grantId } = open.approvals.approve(open.decide(asked.id, { details: [other] }));
    expect(open.grants.find(grantId!)?.scopes).toEqual(['accounts']);
  });

  test('cannot take out all of them, nor add one', () => {
    const asked = open.ask({ details: [accounts] });
    const answer = { scopes: asked.scopes, lifetime: '1h' as const };
    expect(() => open.approvals.preview(asked.id, { ...answer, details: [] })).toThrow(refusal('narrowing_invalid'));
    expect(() => open.approvals.preview(asked.id, { ...answer, details: [accounts, accounts] })).toThrow(
      refusal('narrowing_invalid'),
    );
  });
});

test('files are narrowed by what may be done and where, because the demo bank tells its calls apart (security rule 7)', () => {
  const asked = open.ask({ details: [files], scopes: ['documents'] });
  const card = open.approvals.card(asked.id);
  expect(card.risk).toBe('high');
  expect(card.details[0]?.fields.filter((field) => field.narrowable).map((field) => field.pointer)).toEqual(['/actions', '/paths']);
  const narrower = { ...files, actions: ['read'], paths: ['/statements/**'] };
  const { grantId } = open.approvals.approve(open.decide(asked.id, { details: [narrower] }));
  expect(open.grants.find(grantId!)?.details).toEqual([narrower]);
  const wider = open.ask({ details: [narrower], scopes: ['documents'] });
  expect(() => open.decide(wider.id, { details: [files] })).toThrow(refusal('narrowing_invalid'));
});

test('the receipt holds what was asked and what was granted, the second within the first (security rule 24)', () => {
  const asked = open.ask();
  const granted = [{ ...accounts, actions: ['read_balances'] }];
  const { receiptId } = open.approvals.approve(open.decide(asked.id, { details: granted }));
  expect(open.approvals.findReceipt(receiptId!)).toMatchObject({ asked: [accounts], details: granted });
});

describe('a type that is not known', () => {
  const ask = () => open.ask({ details: [accounts, mystery], scopes: ['accounts'] });

  test('is refused until the person allows it (security rule 2)', () => {
    expect(ask).toThrow(refusal('details_unknown_type'));
    expect(open.approvals.settings().acceptUnknownTypes).toBe(false);
    expect(open.approvals.listPending()).toEqual([]);
  });

  test('is then drawn whole, at high risk, with nothing to narrow (security rule 7)', () => {
    open.approvals.changeSettings({ acceptUnknownTypes: true });
    const card = open.approvals.card(ask().id);
    expect(card).toMatchObject({ risk: 'high', presence: 'passphrase' });
    expect(card.riskReasons).toContainEqual(expect.stringContaining('does not know'));
    expect(card.details[1]).toMatchObject({ known: false, detail: mystery, fields: [] });
  });

  test('is granted as it is, or taken out whole; nobody limits it, and the card says so (security rule 7)', () => {
    open.approvals.changeSettings({ acceptUnknownTypes: true });
    const first = ask();
    const narrower = { ...mystery, door: { number: 7 } };
    expect(() => open.decide(first.id, { details: [accounts, narrower] })).toThrow(refusal('narrowing_invalid'));
    const { consequences } = open.approvals.preview(first.id, open.decide(first.id).narrowing);
    expect(consequences.find(({ label }) => label === 'Limits held by')?.value).toContain(
      'nobody limits: what Counterfoil does not know',
    );
    expect(consequences.find(({ label }) => label === 'Calls')?.value).toContain('none go through Counterfoil');
    const whole = open.approvals.approve(open.decide(first.id));
    expect(open.grants.find(whole.grantId!)?.details).toEqual([accounts, mystery]);
    const second = open.approvals.approve(open.decide(ask().id, { details: [accounts] }));
    expect(open.grants.find(second.grantId!)?.details).toEqual([accounts]);
  });

  test('is not granted any more once the person took it back, though it waited (security rule 2)', () => {
    open.approvals.changeSettings({ acceptUnknownTypes: true });
    const decision = open.decide(ask().id);
    open.approvals.changeSettings({ acceptUnknownTypes: false });
    expect(() => open.approvals.approve(decision)).toThrow(refusal('details_unknown_type'));
    expect(open.grants.list()).toEqual([]);
  });

  test('one setting changes without the other', () => {
    open.approvals.changeSettings({ approveLowRiskOnNotification: true });
    open.approvals.changeSettings({ acceptUnknownTypes: true });
    expect(open.approvals.settings()).toEqual({ approveLowRiskOnNotification: true, acceptUnknownTypes: true });
  });
});
