import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asId } from '../../src/base/ids.ts';
import { type OperationInput, type OperationName, operations } from '../../src/contract/operations.ts';
import type { CallAnswer } from '../../src/contract/presence.ts';
import { sealPresence } from '../../src/contract/seal-presence.ts';
import { createReplyKey } from '../../src/contract/sealed-reply.ts';
import { evidenceOf } from '../support/memory-platform.ts';
import { testPassphrase } from '../support/open-keep.ts';
import { type OpenCore, openCore, type Page } from './open-core.ts';

type Raising = Extract<
  OperationName,
  | 'vault.create'
  | 'vault.unlock'
  | 'vault.recover'
  | 'passphrase.change'
  | 'recovery.make'
  | 'recovery.confirm'
  | 'approvals.approve'
  | 'gap.answer'
  | 'agents.resume'
  | 'agents.resumeAll'
  | 'connections.add'
  | 'connections.signIn'
  | 'resources.add'
  | 'settings.change'
  | 'demo.start'
>;

const digest = '0'.repeat(64);
const answer = {
  details: [{ type: 'account_information', actions: ['list_accounts'] }],
  scopes: ['accounts'],
  lifetime: '1h',
} as const;

/** A well-formed input for each operation that raises. A new one must be added here: the table is compared below. */
const inputs: { readonly [Name in Raising]: OperationInput<Name> } = {
  'vault.create': {},
  'vault.unlock': {},
  'vault.recover': {},
  'passphrase.change': {},
  'recovery.make': { replyKey: (await createReplyKey('recovery.make')).publicKey },
  'recovery.confirm': {},
  'approvals.approve': {
    id: 'approval',
    cardVersion: 1,
    askedDigest: digest,
    grantedDigest: digest,
    narrowing: { ...answer, details: [...answer.details], scopes: [...answer.scopes] },
  },
  'gap.answer': { keepGrantIds: [] },
  'agents.resume': { id: 'agent' },
  'agents.resumeAll': {},
  'connections.add': { presetId: 'demo' },
  'connections.signIn': { id: 'connection' },
  'resources.add': { name: 'Notes', url: 'http://127.0.0.1:9000/mcp', detailTypes: ['account_information'], scopes: [] },
  'settings.change': { approveLowRiskOnNotification: true },
  'demo.start': {},
};

const raising = Object.keys(operations).filter((name) => operations[name as OperationName].effect === 'raises') as Raising[];

let open: OpenCore;
beforeEach(async () => {
  open = await openCore();
});
afterEach(() => open.close());

interface Forgery {
  readonly operation?: string;
  readonly input?: string;
  readonly session?: string;
  readonly nonce?: string;
  readonly passphrase?: string;
  readonly coreKey?: Uint8Array;
}

async function nonceOf(page: Page): Promise<string> {
  return (await page.client.call('presence.begin', {})).nonce;
}

async function seal(page: Page, name: Raising, forgery: Forgery = {}): Promise<string> {
  return sealPresence(forgery.coreKey ?? page.transport.coreKey, {
    passphrase: forgery.passphrase ?? testPassphrase,
    operation: forgery.operation ?? name,
    input: forgery.input ?? JSON.stringify(inputs[name]),
    session: forgery.session ?? page.transport.session,
    nonce: forgery.nonce ?? (await nonceOf(page)),
  });
}

function send(page: Page, name: Raising, presence?: string): Promise<CallAnswer> {
  const input = JSON.stringify(inputs[name]);
  return page.transport.call(name, presence === undefined ? { input } : { input, presence });
}

function codeOf(sent: CallAnswer): string {
  return sent.ok ? 'accepted' : sent.refusal.code;
}

/** What would have changed if a refused call had done anything. */
function authority(): unknown {
  const { agents, approvals, connections, grants } = open.core;
  return [agents.list(), agents.paused(), approvals.settings(), connections.list(), grants.list(), open.platform.demo.calls];
}

test('the table names every operation that raises', () => {
  expect(Object.keys(inputs).toSorted()).toEqual(raising.toSorted());
});

describe.each(raising)('%s (security rules 1 and 2)', (name) => {
  const refusedWith = async (page: Page, presence: string | undefined, code: string): Promise<void> => {
    const before = authority();
    const count = open.core.audit.list({ search: 'presence.refused', limit: 200 }).length;
    expect(codeOf(await send(page, name, presence))).toBe(code);
    expect(authority()).toEqual(before);
    expect(open.core.audit.list({ search: 'presence.refused', limit: 200 }).length).toBe(count + 1);
  };

  test('is refused without presence from a page that was not given the factor, also while unlocked', async () => {
    await refusedWith(open.begin('page'), undefined, 'presence_required');
    await refusedWith(open.begin('window'), undefined, 'presence_required');
  });

  test('is refused from a socket, with and without presence', async () => {
    const socket = open.begin('socket');
    await refusedWith(socket, undefined, 'presence_required');
    await refusedWith(socket, await seal(socket, name), 'presence_required');
    await refusedWith(socket, await seal(open.page, name), 'presence_required');
  });

  test('is refused with presence for another operation', async () => {
    await refusedWith(open.page, await seal(open.page, name, { operation: 'grants.revokeAll' }), 'presence_failed');
  });

  test('is refused with presence for another input', async () => {
    await refusedWith(open.page, await seal(open.page, name, { input: '{"other":1}' }), 'presence_failed');
  });

  test('is refused with presence of another session', async () => {
    const other = open.begin('page');
    await refusedWith(other, await seal(open.page, name), 'presence_failed');
    await refusedWith(other, await seal(other, name, { session: open.page.transport.session }), 'presence_failed');
  });

  test('is refused with a nonce that was not issued here, and without one', async () => {
    const other = open.begin('page');
    await refusedWith(other, await seal(other, name, { nonce: await nonceOf(open.page) }), 'presence_failed');
    await refusedWith(open.page, await seal(open.page, name, { nonce: 'made-up' }), 'presence_failed');
    await refusedWith(open.page, await seal(open.page, name, { nonce: '' }), 'presence_failed');
  });

  test('is refused when the presence comes a second time', async () => {
    const presence = await seal(open.page, name);
    await send(open.page, name, presence);
    await refusedWith(open.page, presence, 'presence_failed');
  });

  test('is refused when the nonce is 120 seconds old', async () => {
    const presence = await seal(open.page, name);
    open.platform.clock.set(open.platform.clock.now() + 120_000);
    await refusedWith(open.page, presence, 'presence_failed');
  });

  test('is refused with presence sealed for another start of the program, or not sealed at all', async () => {
    const elsewhere = await openCore({ vault: 'absent' });
    try {
      const coreKey = elsewhere.page.transport.coreKey;
      await refusedWith(open.page, await seal(open.page, name, { coreKey }), 'presence_failed');
    } finally {
      await elsewhere.close();
    }
    for (const presence of ['', 'AAAA', '!', 'A'.repeat(4000)]) await refusedWith(open.page, presence, 'presence_failed');
  });
});

describe('a wrong passphrase', () => {
  const opening: readonly string[] = ['vault.create', 'vault.unlock', 'vault.recover', 'recovery.confirm'];
  test.each(raising.filter((name) => !opening.includes(name)))('is refused for %s and recorded', async (name) => {
    const before = authority();
    const presence = await seal(open.page, name, { passphrase: 'wrong wrong wrong wrong' });
    expect(codeOf(await send(open.page, name, presence))).toBe('passphrase_wrong');
    expect(authority()).toEqual(before);
    expect(open.core.audit.list({ search: 'presence.refused' })[0]).toMatchObject({
      reason: 'passphrase_wrong',
      facts: { operation: name },
    });
  });

  test('unlocks nothing, is recorded, and waiting grows', async () => {
    open.core.vault.lock();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const sent = await send(open.page, 'vault.unlock', await seal(open.page, 'vault.unlock', { passphrase: `wrong ${attempt}` }));
      expect(codeOf(sent)).toBe('passphrase_wrong');
      if (attempt === 3) expect(sent).toMatchObject({ refusal: { retryAfterSeconds: expect.any(Number) as number } });
      if (attempt < 3) open.platform.clock.set(open.platform.clock.now() + 120_000);
    }
    expect(open.core.vault.state()).toBe('locked');
    expect(open.core.audit.list({ search: 'vault.unlock_failed' }).length).toBeGreaterThanOrEqual(3);
    expect((await open.page.client.call('status.get', {})).unlockedHere).toBe(false);
  });

  test('a vault that exists is not made again', async () => {
    await expect(open.page.client.call('vault.create', {}, testPassphrase)).rejects.toThrow();
    expect(codeOf(await send(open.page, 'vault.create', await seal(open.page, 'vault.create')))).toBe('vault_exists');
  });
});

describe('the session that was given the factor (security rule 1)', () => {
  const ask = () => {
    const { core, platform } = open;
    const id = asId<never>('agent-one');
    core.connections.add('demo');
    core.agents.register({ id, claimedName: 'One', keyThumbprint: 'k', registrationEvidence: evidenceOf(), metadata: {} });
    const step = core.agents.acceptStep(id, 'Agent One');
    core.audit.commit(step.change, step.events);
    return core.approvals.open({
      agentId: id,
      resourceId: asId('demo'),
      details: [...answer.details],
      scopes: ['accounts'],
      authReqHash: 'hash',
      expiresAt: platform.clock.now() + 300_000,
      evidence: evidenceOf(),
    });
  };
  const decisionFor = async (page: Page, id: string) => {
    const card = await page.client.call('approvals.card', { id });
    const narrowing = { details: [...answer.details], scopes: ['accounts'], lifetime: '1h' as const };
    const { grantedDigest } = await page.client.call('approvals.preview', { id, narrowing });
    return { id, cardVersion: card.version, askedDigest: card.askedDigest, grantedDigest, narrowing };
  };

  test('approves low risk without a passphrase; another page needs one, also while unlocked', async () => {
    const { id } = ask();
    const other = open.begin('page');
    const decision = await decisionFor(other, id);
    expect((await other.client.call('status.get', {})).unlockedHere).toBe(false);
    await expect(other.client.call('approvals.approve', decision)).rejects.toMatchObject({
      refusal: { code: 'presence_required' },
    });
    expect(open.core.approvals.find(id)?.state).toBe('pending');
    const { grantId } = await open.page.client.call('approvals.approve', decision);
    expect(open.core.grants.getLive(asId(grantId)).approvalId).toBe(id);
    const receipt = open.core.approvals.findReceipt(open.core.approvals.find(id)!.receiptId!);
    expect(receipt?.presence.kind).toBe('session');
  });

  test('another page approves with the passphrase', async () => {
    const { id } = ask();
    const other = open.begin('page');
    await other.client.call('approvals.approve', await decisionFor(other, id), testPassphrase);
    const receipt = open.core.approvals.findReceipt(open.core.approvals.find(id)!.receiptId!);
    expect(receipt?.presence.kind).toBe('passphrase');
    expect((await other.client.call('status.get', {})).unlockedHere).toBe(false);
  });

  test('is none any more after a lock, until the factor is given again', async () => {
    await open.page.client.call('vault.lock', {});
    await open.begin('page').client.call('vault.unlock', {}, testPassphrase);
    expect(open.core.vault.state()).toBe('unlocked');
    expect((await open.page.client.call('status.get', {})).unlockedHere).toBe(false);
    const { id } = ask();
    const decision = await decisionFor(open.page, id);
    await expect(open.page.client.call('approvals.approve', decision)).rejects.toMatchObject({
      refusal: { code: 'presence_required' },
    });
    await open.page.client.call('vault.unlock', {}, testPassphrase);
    await open.page.client.call('approvals.approve', decision);
  });
});
