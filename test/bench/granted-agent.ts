/**
 * A whole core with a stock agent that holds a live grant, for timing: real store on disk, real keys, real HTTP. The
 * upstream API is a bare server, because its own checks are not ours to time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import { type Core, createCore, scryptCostOption } from '../../src/core.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { registerAgent, type StockAgent } from '../authserver/support/stock-agent.ts';
import { startDemoBank } from '../demo/demo-bank.ts';
import { signInAsAda } from '../demo/sign-in-as-ada.ts';
import { memoryPlatform } from '../support/memory-platform.ts';
import { testPassphrase, testScryptCost } from '../support/open-keep.ts';

export interface GrantedAgent {
  readonly core: Core;
  readonly agent: StockAgent;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Base URL of the bare upstream. */
  readonly upstream: string;
  stop(): Promise<void>;
}

/** The answer of the bare upstream. */
export const upstreamAnswer = JSON.stringify({ accounts: [{ id: 'main', name: 'Main account', currency: 'EUR' }] });

export async function openGrantedAgent(): Promise<GrantedAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-bench-'));
  const bank = await startDemoBank();
  const upstreamServer = await listen(
    createServer((_request, response) => response.setHeader('content-type', 'application/json').end(upstreamAnswer)),
  );
  const upstream = `http://127.0.0.1:${(upstreamServer.address() as AddressInfo).port}`;
  const preset = demoBankPreset({ issuer: bank.issuer, api: bank.api });
  const presets = [{ ...preset, resources: preset.resources.map((resource) => ({ ...resource, baseUrl: upstream })) }];
  const store = openStore({ file: join(folder, 'counterfoil.db') });
  const core = await createCore({ ...memoryPlatform(), clock: systemClock }, store, {
    agentPort: 0,
    version: 'bench',
    openWindow: () => {},
    quit: () => {},
    presets,
    [scryptCostOption]: testScryptCost,
  });
  await core.vault.create(Secret.fromText(testPassphrase));
  await connect(core);
  const agent = await registerAgent(core.issuer);
  const tokens = await approvedTokens(core, agent);
  return {
    core,
    agent,
    ...tokens,
    upstream,
    async stop() {
      await core.stop();
      store.close();
      upstreamServer.close();
      upstreamServer.closeAllConnections();
      await bank.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function connect(core: Core): Promise<void> {
  const { id } = core.connections.add('demo');
  const { authorizationUrl } = await core.connections.beginSignIn(id);
  const callback = await signInAsAda(authorizationUrl);
  await (await fetch(callback, { redirect: 'manual' })).body?.cancel();
  await core.connections.finished(id);
}

async function approvedTokens(core: Core, agent: StockAgent): Promise<{ accessToken: string; refreshToken: string }> {
  const asked = await agent.ask({
    scope: 'openid accounts',
    authorization_details: JSON.stringify([{ type: 'account_information', actions: ['list_accounts'] }]),
  });
  const [approval] = core.approvals.listPending();
  if (approval === undefined) throw new Error('the request did not arrive');
  const { askedDigest, version, details, scopes } = core.approvals.card(approval.id);
  const narrowing = { details: details.map(({ detail }) => detail), scopes, lifetime: '1h' } as const;
  const { grantedDigest } = core.approvals.preview(approval.id, narrowing);
  core.approvals.approve({
    approvalId: approval.id,
    askedDigest,
    cardVersion: version,
    grantedDigest,
    narrowing,
    agentName: 'Bench',
    presence: { kind: 'passphrase', at: Date.now() },
  });
  const { body } = await agent.poll(asked.auth_req_id);
  return { accessToken: String(body['access_token']), refreshToken: String(body['refresh_token']) };
}

function listen(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
