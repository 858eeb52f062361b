import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as oauth from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refusal } from '../../src/base/errors.ts';
import { memoryKeychain } from '../../src/platform/keychain/memory.ts';
import { send } from '../api/local-fetch.ts';
import { openCore } from '../api/open-core.ts';
import type { StockAgent } from '../authserver/support/stock-agent.ts';
import { memoryPlatform } from '../support/memory-platform.ts';
import { testPassphrase } from '../support/open-keep.ts';
import { approve, ask, callProxy, newAgent, openStory, type Story, signIn } from './open-story.ts';

const accounts = { type: 'account_information', actions: ['list_accounts'] };
const question = { scope: 'openid', authorization_details: JSON.stringify([accounts]) };

describe('at start', () => {
  test('a port that is taken is said so, nothing is half started, and it works once the port is free', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = squatter.address() as AddressInfo;
    const platform = memoryPlatform();
    await expect(openCore({ agentPort: port, platform })).rejects.toMatchObject({
      code: 'port_taken',
      hint: expect.any(String) as string,
    });
    expect(platform.tray.states).toEqual([]);
    expect(platform.clock.waiting).toBe(0);
    await new Promise((resolve) => squatter.close(resolve));
    const open = await openCore({ agentPort: port });
    expect(open.core.issuer).toBe(`http://127.0.0.1:${port}`);
    await open.close();
  });

  test('a keychain that refuses is said so, and no vault is made without it', async () => {
    const kept = memoryKeychain();
    let refuses = false;
    const guarded = <Result>(work: Promise<Result>): Promise<Result> =>
      refuses ? Promise.reject(new Refusal('keychain_refused', 'The keychain is locked.')) : work;
    const keychain = {
      kind: kept.kind,
      description: kept.description,
      get: (item: string) => guarded(kept.get(item)),
      set: (item: string, value: Uint8Array) => guarded(kept.set(item, value)),
      delete: (item: string) => guarded(kept.delete(item)),
    };
    const open = await openCore({ vault: 'absent', platform: memoryPlatform({ keychain }) });
    refuses = true;
    await expect(open.page.client.call('vault.create', {}, testPassphrase)).rejects.toMatchObject({
      refusal: { code: 'keychain_refused' },
    });
    expect((await open.page.client.call('status.get', {})).vault).toBe('absent');
    refuses = false;
    await open.page.client.call('vault.create', {}, testPassphrase);
    open.core.vault.lock();
    refuses = true;
    await expect(open.page.client.call('vault.unlock', {}, testPassphrase)).rejects.toMatchObject({
      refusal: { code: 'keychain_refused' },
    });
    refuses = false;
    await open.page.client.call('vault.unlock', {}, testPassphrase);
    await open.close();
  });

  test('a weak passphrase makes no vault', async () => {
    const open = await openCore({ vault: 'absent' });
    for (const weak of ['password', '', 'correct horse']) {
      await expect(open.page.client.call('vault.create', {}, weak)).rejects.toMatchObject({ refusal: { code: 'passphrase_weak' } });
    }
    expect((await open.page.client.call('status.get', {})).vault).toBe('absent');
    await open.close();
  });
});

describe('while it runs', () => {
  let story: Story;
  let agent: StockAgent;
  beforeAll(async () => {
    story = await openStory();
    await signIn(story);
    agent = await newAgent(story);
    await ask(story, agent, { details: [accounts] });
  });
  afterAll(() => story.close());

  const pending = () => story.now().core.approvals.listPending();

  test.each([
    ['JSON that is none', '[{"type":'],
    ['an object instead of an array', '{"type":"account_information"}'],
    ['a type that is not known', '[{"type":"open_the_door"}]'],
    ['a member that is not known', '[{"type":"account_information","actions":["list_accounts"],"limit":1}]'],
    ['a member that stands twice', '[{"type":"account_information","actions":["list_accounts"],"actions":["read_balances"]}]'],
    [
      'an amount as a number',
      '[{"type":"payment_initiation","instructedAmount":{"currency":"EUR","amount":1},"creditorName":"A","creditorAccount":{"iban":"DE02120300000000202051"}}]',
    ],
  ])('details that are %s are refused as such, and nobody is asked', async (_what, details) => {
    const answer = await agent.post('/bc-authorize', {
      scope: 'openid',
      login_hint: 'me',
      resource: agent.resource,
      authorization_details: details,
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: 'invalid_authorization_details', error_description: expect.any(String) as string });
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(pending()).toEqual([]);
  });

  test('a body that is too large is refused before it is read', async () => {
    const answer = await agent.post('/bc-authorize', { scope: 'openid', authorization_details: `[${'"x",'.repeat(20_000)}"x"]` });
    expect(answer.status).toBe(413);
    expect(pending()).toEqual([]);
  });

  test.each([
    ['host', { host: 'evil.example' }, 421],
    ['name for this machine', { host: 'localhost:7417' }, 421],
    ['origin', { origin: 'http://evil.example' }, 403],
    ['origin of a sandbox', { origin: 'null' }, 403],
    ['page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ] as const)("a forged %s is refused on every path of the agents' door", async (...[, forged, status]) => {
    const { host, port } = new URL(story.now().core.issuer);
    for (const [method, path] of [
      ['GET', '/.well-known/openid-configuration'],
      ['POST', '/bc-authorize'],
      ['POST', '/token'],
      ['POST', '/register'],
      ['GET', '/proxy/demo/accounts'],
    ] as const) {
      const headers: Record<string, string> = { host, 'content-length': '0', ...forged };
      const answer = await send({ address: '127.0.0.1', port: Number(port), path, method, headers, body: Buffer.alloc(0) });
      expect(answer.status).toBe(status);
    }
  });

  test('a request that nobody answers expires, and the agent is told so', async () => {
    // A poll of our own: openid-client stops waiting at the same instant and would say nothing.
    const started = await agent.ask({ ...question, requested_expiry: '30' });
    story.skip(30_000);
    expect((await agent.poll(started.auth_req_id)).body).toMatchObject({ error: 'expired_token' });
    expect(story.now().core.audit.list({ search: 'approval.expired' })).not.toEqual([]);
    expect(story.now().platform.notifier.shown).toEqual([]);
  });

  test('an agent that is suspended while it waits is told so, and its request is not lost', async () => {
    const { page } = story.now();
    const started = await agent.ask(question);
    await page.client.call('agents.suspend', { id: agent.id });
    const polling = oauth.pollBackchannelAuthenticationGrant(agent.config, started, undefined, { DPoP: agent.dpop });
    await expect(polling).rejects.toMatchObject({ error: 'access_denied' });
    await expect(approve(story, agent)).rejects.toMatchObject({ refusal: { code: 'agent_suspended' } });
    await page.client.call('agents.resume', { id: agent.id }, testPassphrase);
    expect(pending()).toHaveLength(1);
    const again = oauth.pollBackchannelAuthenticationGrant(agent.config, started, undefined, { DPoP: agent.dpop });
    await approve(story, agent);
    expect((await again).access_token).toEqual(expect.any(String));
  });

  test('a bank that is down is said so with a time to try again, and the use is given back', async () => {
    const granted = await ask(story, agent, { details: [accounts], narrowing: { lifetime: 'once' } });
    await story.bank.stop();
    const answer = await callProxy(granted, '/accounts');
    expect([502, 503, 504]).toContain(answer.status);
    expect(answer.type).toBe('application/problem+json');
    expect(Number(answer.retryAfter)).toBeGreaterThan(0);
    const { grants } = await story.now().page.client.call('grants.list', {});
    expect(grants.find(({ id }) => id === granted.grantId)).toMatchObject({ uses: 0, live: true });
    expect(await story.now().page.client.call('audit.verify', {})).toMatchObject({ intact: true });
  });
});
