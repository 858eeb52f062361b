import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { demoBankPreset } from '../../../src/connections/presets.ts';
import { type Core, createCore, scryptCostOption } from '../../../src/core.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import type { Store } from '../../../src/store/store.ts';
import { startDemoBank } from '../../demo/demo-bank.ts';
import { signInAsAda } from '../../demo/sign-in-as-ada.ts';
import type { MemoryPlatform } from '../../support/memory-platform.ts';
import { memoryPlatform } from '../../support/memory-platform.ts';
import { testPassphrase, testScryptCost } from '../../support/open-keep.ts';
import { newKey, registerAgent } from '../support/stock-agent.ts';
import type { Caller, Tokens, World } from './world.ts';
import { ask, poll, rememberNonces } from './world.ts';

/** The whole core with the demonstration's bank, on a real port; an agent that was accepted, and another. */
export async function openOurWorld(): Promise<World & { readonly core: Core; readonly platform: MemoryPlatform }> {
  vi.useFakeTimers({ toFake: ['Date'] });
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-matrix-'));
  const platform = memoryPlatform();
  vi.setSystemTime(platform.clock.now());
  const bank = await startDemoBank();
  const upstream = await listen(
    createServer((_request, response) => response.setHeader('content-type', 'application/json').end('{}')),
  );
  const preset = demoBankPreset({ issuer: bank.issuer, api: bank.api });
  const baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const store = openStore({ file: join(folder, 'counterfoil.db') });
  const core = await createCore(platform, store, {
    agentPort: 0,
    version: 'matrix',
    openWindow: () => {},
    quit: () => {},
    presets: [{ ...preset, resources: preset.resources.map((resource) => ({ ...resource, baseUrl })) }],
    [scryptCostOption]: testScryptCost,
  });
  await core.vault.create(Secret.fromText(testPassphrase));
  await connect(core);
  const { agent, other } = { agent: await registerAgent(core.issuer), other: await registerAgent(core.issuer) };
  const parts = { core, store, platform, ...rememberNonces(core.issuer) };
  const close = async (): Promise<void> => {
    await core.stop();
    store.close();
    upstream.close();
    upstream.closeAllConnections();
    await bank.stop();
    rmSync(folder, { recursive: true, force: true });
    vi.useRealTimers();
  };
  return { ...(await settle(parts, { agent, other })), core, platform, close };
}

interface Parts extends Pick<World, 'nonce' | 'send'> {
  readonly core: Core;
  readonly store: Store;
  readonly platform: MemoryPlatform;
}

async function settle(parts: Parts, { agent, other }: { readonly agent: Caller; readonly other: Caller }): Promise<World> {
  const { core, store, platform, nonce, send } = parts;
  const stranger = await newKey();
  const blank = { issuer: core.issuer, agent, other, stranger, nonce, send } as World;
  const askedBy = async (caller: Caller): Promise<string> => {
    const asked = await send(await ask.make({ ...blank, agent: caller }));
    approveAll(core, platform);
    return String(asked.body['auth_req_id']);
  };
  const tokensOf = async (caller: Caller): Promise<Tokens> => {
    const world: World = { ...blank, agent: caller, approvedRequest: () => askedBy(caller) };
    const { body } = await send(await poll.make(world));
    return { accessToken: String(body['access_token']), refreshToken: String(body['refresh_token']) };
  };
  // accepted by the answer to its first request
  await tokensOf(agent);
  const othersTokens = await tokensOf(other);
  const othersRequest = await askedBy(other);
  return {
    ...blank,
    ...keepTokens(send, { platform, fresh: () => tokensOf(agent) }),
    othersTokens,
    othersRequest,
    approvedRequest: () => askedBy(agent),
    state: () => stateOf(store, core),
    async tidy() {
      // answered, as a withdrawn question counts against its agent for ten minutes
      for (const { id } of core.approvals.listPending()) core.approvals.deny(id);
      for (const { id, state } of core.agents.list()) if (state === 'pending') core.agents.remove(id);
      vi.setSystemTime(platform.clock.now() + 1000);
      await platform.clock.advance(1000);
    },
  };
}

/** Younger than a token's life by far, so that none ends in between. */
const keptForMs = 120_000;

/** The newest tokens of the agent: those that the last answer gave, until one of them is revoked or they are old. */
function keepTokens(
  send: World['send'],
  { platform, fresh }: { readonly platform: MemoryPlatform; readonly fresh: () => Promise<Tokens> },
): Pick<World, 'send' | 'tokens'> {
  let kept: { readonly tokens: Tokens; readonly until: number } | undefined;
  const keep = (tokens: Tokens): Tokens => {
    kept = { tokens, until: platform.clock.now() + keptForMs };
    return tokens;
  };
  return {
    tokens: async () => (kept !== undefined && platform.clock.now() < kept.until ? kept.tokens : keep(await fresh())),
    async send(draft) {
      const answer = await send(draft);
      const { access_token: accessToken, refresh_token: refreshToken } = answer.body;
      if (typeof accessToken === 'string') keep({ accessToken, refreshToken: String(refreshToken) });
      if (draft.path === '/revoke') kept = undefined;
      return answer;
    },
  };
}

function approveAll(core: Core, platform: MemoryPlatform): void {
  for (const { id, agentId } of core.approvals.listPending()) {
    const { askedDigest, version, details, scopes } = core.approvals.card(id);
    const narrowing = { details: details.map(({ detail }) => detail), scopes, lifetime: '1h' } as const;
    core.approvals.approve({
      approvalId: id,
      askedDigest,
      cardVersion: version,
      grantedDigest: core.approvals.preview(id, narrowing).grantedDigest,
      narrowing,
      presence: { kind: 'passphrase', at: platform.clock.now() },
      ...(core.agents.get(agentId).state === 'pending' ? { agentName: `Agent ${agentId.slice(-6)}` } : {}),
    });
  }
}

/** Tables of what decides; a replay cache may grow by an assertion that was accepted before something else was wrong. */
const tables = ['agents', 'approvals', 'grants', 'receipts', 'settings', 'connections', 'upstream_tokens', 'server_payloads'];

function stateOf(store: Store, core: Core): Readonly<Record<string, unknown>> {
  // each change of a row makes its version greater
  const rows = tables.map((table) => {
    const but = table === 'server_payloads' ? "WHERE model <> 'ReplayDetection'" : '';
    return [table, store.all(`SELECT count(*) AS rows, total(version) AS versions FROM ${table} ${but}`)] as const;
  });
  const newestSuccess = core.audit.list({ limit: 50 }).find(({ outcome }) => outcome !== 'denied' && outcome !== 'error');
  return { ...Object.fromEntries(rows), newestSuccess };
}

async function connect(core: Core): Promise<void> {
  const { id } = core.connections.add('demo');
  const { authorizationUrl } = await core.connections.beginSignIn(id);
  const callback = await signInAsAda(authorizationUrl);
  await (await fetch(callback, { redirect: 'manual' })).body?.cancel();
  await core.connections.finished(id);
}

function listen(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
