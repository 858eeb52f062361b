import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asId } from '../../src/base/ids.ts';
import { operations } from '../../src/contract/operations.ts';
import { evidenceOf } from '../support/memory-platform.ts';
import { testPassphrase } from '../support/open-keep.ts';
import { type OpenCore, openCore } from './open-core.ts';

let open: OpenCore;
beforeEach(async () => {
  open = await openCore();
});
afterEach(() => open.close());

const call = (name: string, input: string, session: string = open.page.transport.session) =>
  open.core.api.call(asId(session), name, { input });

describe('a call', () => {
  test('of an unknown session, of an ended one, or of nothing that exists is refused', async () => {
    expect(await call('status.get', '{}', 'nobody')).toMatchObject({ ok: false, refusal: { code: 'session_unknown' } });
    const other = open.begin('page');
    open.core.api.endSession(asId(other.transport.session));
    expect(await call('status.get', '{}', other.transport.session)).toMatchObject({ refusal: { code: 'session_unknown' } });
    for (const name of ['nothing', 'toString', '__proto__', 'constructor', 'vault']) {
      expect(await call(name, '{}')).toMatchObject({ refusal: { code: 'not_found' } });
    }
    expect(() => open.core.api.changes(asId('nobody'), () => {})).toThrow(
      expect.objectContaining({ code: 'session_unknown' }) as Error,
    );
  });

  test.each(['', 'null', '[]', '"x"', '{', '{"id":1}', '{"id":"x".repeat}', `{"id":"${'x'.repeat(200)}"}`])(
    'with the input %j is refused in words that repeat nothing',
    async (input) => {
      const answer = await call('approvals.card', input);
      expect(answer).toMatchObject({ ok: false, refusal: { code: 'invalid_input' } });
    },
  );

  test('that runs into a bug says nothing of it and is logged', async () => {
    open.store.commit([{ sql: 'DROP TABLE receipts', values: [] }]);
    open.store.commit([{ sql: 'DROP TABLE grants', values: [] }]);
    const answer = await call('grants.list', '{}');
    expect(answer.ok).toBe(false);
    expect(JSON.stringify(answer)).not.toMatch(/grants|sql|table/i);
  });

  test('every operation answers in the shape that the contract names', async () => {
    const { client } = open.page;
    const status = await client.call('status.get', {});
    expect(status).toMatchObject({
      vault: 'unlocked',
      unlockedHere: true,
      paused: false,
      issuer: open.core.issuer,
      version: '0.0.0-test',
      counts: { pending: 0, grants: 0, agents: 0, connections: 0 },
    });
    expect((await client.call('passphrase.suggest', {})).bits).toBeGreaterThanOrEqual(60);
    const { id } = await client.call('connections.add', { presetId: 'demo' }, testPassphrase);
    const { connections, presets } = await client.call('connections.list', {});
    expect(connections).toMatchObject([{ id, state: 'signed_out', rung: { number: 1 }, resources: [{ id: 'demo' }] }]);
    expect(presets).toMatchObject([{ id: 'demo', added: true }]);
    expect(await client.call('agents.list', {})).toEqual({ agents: [] });
    expect(await client.call('grants.list', {})).toEqual({ grants: [] });
    expect(await client.call('approvals.list', {})).toEqual({ pending: [], recent: [] });
    expect(await client.call('grants.revokeAll', {})).toEqual({ ended: 0 });
    expect(await client.call('grants.revoke', { ids: ['nothing'] })).toEqual({ ended: 0 });
    expect(await client.call('demo.state', {})).toEqual({ state: 'off' });
    expect(await client.call('audit.verify', {})).toMatchObject({ intact: true });
    const page = await client.call('audit.list', { limit: 2 });
    expect(page).toMatchObject({ more: true, entries: [{ event: 'audit.verified' }, { event: expect.any(String) as string }] });
    expect((await client.call('audit.list', { limit: 200 })).more).toBe(false);
    expect((await client.call('audit.list', { search: 'vault.created' })).entries[0]?.summary).toBe('The vault was made');
  });

  test('settings are changed with presence and shown', async () => {
    await open.page.client.call('settings.change', { approveLowRiskOnNotification: true }, testPassphrase);
    expect((await open.page.client.call('status.get', {})).settings.approveLowRiskOnNotification).toBe(true);
  });
});

describe('without a factor', () => {
  test('a socket reads, denies, pauses, suspends and locks', async () => {
    const { core, platform } = open;
    const { client } = open.begin('socket');
    core.connections.add('demo');
    const id = asId<never>('agent-one');
    core.agents.register({ id, claimedName: 'One', keyThumbprint: 'k', registrationEvidence: evidenceOf(), metadata: {} });
    const approval = core.approvals.open({
      agentId: id,
      resourceId: asId('demo'),
      details: [{ type: 'account_information', actions: ['list_accounts'] }],
      scopes: [],
      authReqHash: 'hash',
      expiresAt: platform.clock.now() + 60_000,
      evidence: evidenceOf(),
    });
    expect((await client.call('approvals.list', {})).pending).toMatchObject([
      { id: approval.id, agentIsNew: true, risk: 'medium' },
    ]);
    await client.call('approvals.deny', { id: approval.id, reason: 'no' });
    await client.call('agents.suspend', { id });
    await client.call('agents.pauseAll', {});
    await client.call('agents.remove', { id });
    await client.call('vault.lock', {});
    expect((await client.call('status.get', {})).vault).toBe('locked');
    expect((await client.call('approvals.list', {})).recent).toMatchObject([{ state: 'denied', agentName: 'A removed agent' }]);
    expect(core.audit.verify().intact).toBe(true);
  });

  test('no answer of an operation that reads holds a secret', async () => {
    const secrets = [testPassphrase];
    for (const name of Object.keys(operations)) {
      if (name === 'passphrase.suggest') continue;
      const answer = JSON.stringify(await call(name, '{}'));
      for (const secret of secrets) expect(answer).not.toContain(secret);
    }
  });
});

describe('the demonstration', () => {
  test('starts servers, connection and sign-in, and says so', async () => {
    const { client } = open.page;
    const started = await client.call('demo.start', {}, testPassphrase);
    expect(open.platform.demo.calls).toEqual(['startServers']);
    // No server runs in this test: the sign-in cannot begin, and that is said in words.
    expect(started).toMatchObject({ state: 'failed', message: expect.any(String) as string });
    expect(await client.call('demo.state', {})).toEqual(started);
    expect(open.core.connections.list()).toHaveLength(1);
  });
});

describe('the tray (security rule 29)', () => {
  test('shows the state, and opens, pauses and locks only: ending everything is answered in the window', () => {
    const { core, platform, windows } = open;
    expect(platform.tray.states.at(-1)).toEqual({ vault: 'unlocked', paused: false, pendingCount: 0 });
    platform.tray.act('open');
    platform.tray.act('open-oldest');
    expect(windows).toEqual([undefined, undefined]);
    platform.tray.act('pause');
    expect(core.agents.paused()).toBe(true);
    platform.tray.act('pause');
    expect(core.agents.paused()).toBe(true);
    platform.tray.act('revoke-everything');
    expect(windows.at(-1)).toBe('revoke-everything');
    expect(core.audit.list({ search: 'grant.revoked' })).toEqual([]);
    platform.tray.act('lock');
    expect(platform.tray.states.at(-1)).toMatchObject({ vault: 'locked', paused: true });
  });
});
