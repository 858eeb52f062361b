import * as oauth from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { brokerKeyName } from '../../src/connections/connections.ts';
import type { StockAgent } from '../authserver/support/stock-agent.ts';
import { testPassphrase } from '../support/open-keep.ts';
import { ask, callProxy, filesOf, type Granted, newAgent, openStory, type Story, signIn } from './open-story.ts';

const accounts = { type: 'account_information', actions: ['list_accounts', 'read_balances', 'read_transactions'] };
const order = {
  instructedAmount: { currency: 'EUR', amount: '250.00' },
  creditorName: 'Nordwind Office GmbH',
  creditorAccount: { iban: 'DE02120300000000202051' },
  remittanceInformationUnstructured: 'Invoice 2026-114',
};
const payment = { type: 'payment_initiation', actions: ['initiate'], ...order };
const paying = (amount: string) => ({ ...order, instructedAmount: { currency: 'EUR', amount } });

/** One story, told in order: each test goes on where the one before it ended. */
describe('the main job', () => {
  let story: Story;
  let connectionId: string;
  let first: StockAgent;
  let second: StockAgent;
  let reading: Granted;
  let other: Granted;

  beforeAll(async () => {
    story = await openStory();
  });
  afterAll(() => story.close());

  const core = () => story.now().core;
  const client = () => story.now().page.client;
  const seen = () =>
    core()
      .audit.list({ limit: 200 })
      .map((entry) => entry.event);

  /** The bank's token behind a grant, as it comes to the bank. */
  async function upstreamTokenOf(granted: Granted): Promise<readonly string[]> {
    const known = [...story.upstreamTokens];
    story.upstreamTokens.clear();
    expect((await callProxy(granted, '/accounts')).status).toBe(200);
    const used = [...story.upstreamTokens];
    for (const token of known) story.upstreamTokens.add(token);
    return used;
  }

  const isActive = async (token = '') =>
    (await core().connections.introspect(connectionId as never, Secret.fromText(token)))?.active;

  test('the person signs in at the bank once', async () => {
    connectionId = await signIn(story);
    expect((await client().call('connections.list', {})).connections).toMatchObject([{ id: connectionId, state: 'signed_in' }]);
  });

  test('an agent that knows nothing finds the server, registers and is inert', async () => {
    first = await newAgent(story);
    const { agents } = await client().call('agents.list', {});
    expect(agents).toMatchObject([{ id: first.id, state: 'pending', liveGrants: 0 }]);
    expect(agents[0]?.program.map((fact) => fact.label)).toContain('Program');
    expect(agents[0]).not.toHaveProperty('name');
  });

  test('it asks; a notice appears, and the held poll returns with the narrowed details once the person approves', async () => {
    const started = await first.ask({
      scope: 'openid',
      authorization_details: JSON.stringify([accounts]),
      binding_message: 'Overview',
    });
    const { pending } = await client().call('approvals.list', {});
    expect(pending).toMatchObject([{ agentIsNew: true, risk: 'medium', state: 'pending' }]);
    const [notice] = story.now().platform.notifier.shown;
    expect(notice).toMatchObject({ id: pending[0]!.id, actions: [{ key: 'review' }, { key: 'deny' }] });
    const card = await client().call('approvals.card', { id: pending[0]!.id });
    expect(card).toMatchObject({ claim: 'Overview', presence: 'passphrase', agent: { isNew: true } });
    const polling = oauth.pollBackchannelAuthenticationGrant(first.config, started, undefined, { DPoP: first.dpop });
    const narrowing = {
      details: [{ ...accounts, actions: ['list_accounts', 'read_balances'] }],
      scopes: card.scopes,
      lifetime: '15m' as const,
    };
    const { grantedDigest } = await client().call('approvals.preview', { id: card.id, narrowing });
    const decision = {
      id: card.id,
      cardVersion: card.version,
      askedDigest: card.askedDigest,
      grantedDigest,
      narrowing,
      agentName: 'Bookkeeper',
    };
    await expect(client().call('approvals.approve', decision)).rejects.toMatchObject({ refusal: { code: 'presence_required' } });
    const { grantId } = await client().call('approvals.approve', decision, testPassphrase);
    const tokens = await polling;
    expect(tokens.authorization_details).toEqual(narrowing.details);
    expect(tokens.token_type).toBe('dpop');
    expect(tokens.expires_in).toBeLessThanOrEqual(300);
    expect(story.now().platform.notifier.shown).toEqual([]);
    reading = { agent: first, tokens, grantId };
  });

  test('it calls the bank through us; the bank sees the person, the agent as actor, and the narrowed details', async () => {
    const answer = await callProxy(reading, '/accounts');
    expect(answer.status).toBe(200);
    expect(answer.body['seen']).toMatchObject({
      sub: 'ada',
      act: { sub: first.id },
      authorization_details: [{ type: 'account_information', actions: ['list_accounts', 'read_balances'] }],
    });
    expect(story.upstreamTokens.size).toBe(1);
    for (const token of story.upstreamTokens) expect(answer.text).not.toContain(token);
    expect((await callProxy(reading, '/accounts/main/balances')).status).toBe(200);
  });

  test('a call outside the grant is refused with what is missing', async () => {
    const before = story.upstreamTokens.size;
    const answer = await callProxy(reading, '/accounts/main/transactions');
    expect(answer.status).toBe(403);
    expect(answer.type).toBe('application/problem+json');
    expect(answer.body).toMatchObject({
      code: 'call_not_covered',
      required_details: [{ type: 'account_information', actions: ['read_transactions'] }],
    });
    expect((await callProxy(reading, '/payments', order)).status).toBe(403);
    expect((await callProxy(reading, '/accounts?all=1')).status).toBe(403);
    expect(story.upstreamTokens.size).toBe(before);
  });

  test('another agent gets a grant of its own, under a key of its own', async () => {
    second = await newAgent(story);
    other = await ask(story, second, {
      details: [{ type: 'account_information', actions: ['list_accounts'] }],
      agentName: 'Planner',
    });
    expect((await callProxy(other, '/accounts')).status).toBe(200);
    for (const { id } of [first, second]) {
      expect(await core().vault.hasKey(brokerKeyName(connectionId as never, id as never))).toBe(true);
    }
    expect((await callProxy({ agent: second, tokens: reading.tokens }, '/accounts')).status).toBe(401);
  });

  test('a payment is lowered, made once, and neither raised nor repeated', async () => {
    const lowered = { ...payment, instructedAmount: { currency: 'EUR', amount: '180.00' } };
    const granted = await ask(story, first, { details: [payment], narrowing: { details: [lowered] } });
    expect(granted.tokens.authorization_details).toEqual([lowered]);
    expect((await callProxy(granted, '/payments', paying('180.01'))).body).toMatchObject({ code: 'call_not_covered' });
    const [one, two] = await Promise.all([
      callProxy(granted, '/payments', paying('180.00')),
      callProxy(granted, '/payments', paying('180.00')),
    ]);
    expect([one.status, two.status].toSorted()[0]).toBe(201);
    expect([one.status, two.status].filter((status) => status === 201)).toHaveLength(1);
    expect((await callProxy(granted, '/payments', paying('1.00'))).status).toBeGreaterThanOrEqual(400);
    const { grants } = await client().call('grants.list', {});
    expect(grants.find(({ id }) => id === granted.grantId)).toMatchObject({ live: false, once: true, uses: 1, risk: 'high' });
  });

  test('a denial reaches the agent with its reason', async () => {
    const started = await first.ask({ scope: 'openid', authorization_details: JSON.stringify([payment]) });
    const polling = oauth.pollBackchannelAuthenticationGrant(first.config, started, undefined, { DPoP: first.dpop });
    const [waiting] = core().approvals.listPending();
    await client().call('approvals.deny', { id: waiting!.id, reason: 'Not this month' });
    await expect(polling).rejects.toMatchObject({
      error: 'access_denied',
      error_description: expect.stringContaining('Not this month') as string,
    });
  });

  test('a restart keeps agents, grants, connection and audit; the agent goes on', async () => {
    const before = await client().call('grants.list', {});
    const events = core().audit.verify().count;
    await story.restart();
    expect((await client().call('agents.list', {})).agents.map(({ name }) => name).toSorted()).toEqual(['Bookkeeper', 'Planner']);
    expect((await client().call('grants.list', {})).grants).toEqual(before.grants);
    expect((await client().call('connections.list', {})).connections).toMatchObject([{ id: connectionId, state: 'signed_in' }]);
    expect(core().audit.verify()).toMatchObject({ intact: true });
    expect(core().audit.verify().count).toBeGreaterThan(events);
    expect((await callProxy(reading, '/accounts')).status).toBe(200);
    const parameters = { resource: first.resource };
    const tokens = await oauth.refreshTokenGrant(first.config, reading.tokens.refresh_token ?? '', parameters, {
      DPoP: first.dpop,
    });
    reading = { ...reading, tokens: { ...reading.tokens, ...tokens } };
    expect((await callProxy(reading, '/accounts')).status).toBe(200);
  });

  test('the person ends the grant: the next call fails, the token is revoked upstream, the key is gone', async () => {
    const [own] = await upstreamTokenOf(reading);
    const [others] = await upstreamTokenOf(other);
    const { grants } = await client().call('grants.list', {});
    expect(grants.find(({ id }) => id === reading.grantId)).toMatchObject({
      live: true,
      agentName: 'Bookkeeper',
      connectionName: 'Demo Bank',
    });
    expect(grants.find(({ id }) => id === reading.grantId)?.uses).toBeGreaterThanOrEqual(3);
    expect(await client().call('grants.revoke', { ids: [reading.grantId] })).toEqual({ ended: 1 });
    const refused = await callProxy(reading, '/accounts');
    expect([401, 403]).toContain(refused.status);
    const refreshed = first.refresh(reading.tokens.refresh_token ?? '');
    expect((await refreshed).body['error']).toBe('invalid_grant');
    await core().broker.settle();
    const after = (await client().call('grants.list', {})).grants.find(({ id }) => id === reading.grantId);
    expect(after).toMatchObject({ live: false, endedBy: 'revoked', upstreamEnd: 'confirmed' });
    expect(await core().vault.hasKey(brokerKeyName(connectionId as never, first.id as never))).toBe(false);
    expect(await isActive(own)).toBe(false);
    expect(await isActive(others)).toBe(true);
  });

  test("another agent's grant and the person's own sign-in live on", async () => {
    expect((await callProxy(other, '/accounts')).status).toBe(200);
    expect(core().connections.get(connectionId as never).state).toBe('signed_in');
    expect(await core().vault.hasKey(brokerKeyName(connectionId as never, second.id as never))).toBe(true);
  });

  test('while locked the agent is told to wait, and goes on after', async () => {
    await client().call('vault.lock', {});
    const locked = await callProxy(other, '/accounts');
    expect(locked.status).toBe(503);
    expect(Number(locked.retryAfter)).toBeGreaterThan(0);
    const started = await second.ask({ scope: 'openid', authorization_details: JSON.stringify([accounts]) });
    expect(core().approvals.listPending()).toHaveLength(1);
    await client().call('vault.unlock', {}, testPassphrase);
    expect(core().approvals.listPending()).toHaveLength(1);
    const polling = oauth.pollBackchannelAuthenticationGrant(second.config, started, undefined, { DPoP: second.dpop });
    await client().call('approvals.deny', { id: core().approvals.listPending()[0]!.id });
    await expect(polling).rejects.toMatchObject({ error: 'access_denied' });
    expect((await callProxy(other, '/accounts')).status).toBe(200);
  });

  test('a suspended agent stops at once, and is the same agent when it is resumed', async () => {
    await client().call('agents.suspend', { id: second.id });
    expect((await callProxy(other, '/accounts')).status).toBe(403);
    await client().call('agents.resume', { id: second.id }, testPassphrase);
    expect((await callProxy(other, '/accounts')).status).toBe(200);
  });

  test('the audit log tells every step, and its chain verifies', async () => {
    expect(seen()).toEqual(
      expect.arrayContaining([
        'connection.signed_in',
        'agent.registered',
        'agent.accepted',
        'approval.requested',
        'approval.shown',
        'approval.granted',
        'approval.denied',
        'grant.created',
        'token.issued',
        'token.refreshed',
        'broker_key.created',
        'upstream.exchanged',
        'call.forwarded',
        'call.answered',
        'call.refused',
        'grant.used_up',
        'grant.revoked',
        'upstream.revoked',
        'broker_key.destroyed',
        'vault.locked',
        'vault.unlocked',
      ]),
    );
    expect(await client().call('audit.verify', {})).toMatchObject({ intact: true });
  });

  test('nothing secret is readable on disk', async () => {
    const { access_token: access, refresh_token: refresh } = other.tokens;
    const canaries = [
      testPassphrase,
      access,
      refresh,
      reading.tokens.access_token,
      reading.tokens.refresh_token,
      ...story.upstreamTokens,
    ];
    const log = JSON.stringify(story.now().platform.log.lines);
    for (const canary of canaries) expect(log).not.toContain(canary);
    const running = filesOf(story.folder);
    await story.stopCore();
    const stopped = filesOf(story.folder);
    expect(stopped.length).toBeGreaterThan(0);
    for (const { name, bytes } of [...running, ...stopped]) {
      for (const canary of canaries) expect(bytes.includes(canary ?? 'never'), name).toBe(false);
      expect(bytes.includes('"d":"'), `a private key in ${name}`).toBe(false);
      expect(bytes.includes('PRIVATE KEY'), `a private key in ${name}`).toBe(false);
    }
  });
});
