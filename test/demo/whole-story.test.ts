import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { close, listen } from '../../resources/demo/listen.ts';
import type { Approval } from '../../src/approvals/approvals.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { brokerKeyName } from '../../src/connections/connections.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import { type Core, createCore, scryptCostOption } from '../../src/core.ts';
import { createDemoProcesses } from '../../src/platform/demo-program/processes.ts';
import type { DemoProgram, DemoServers } from '../../src/platform/demo-program.ts';
import { openStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { type MemoryPlatform, memoryPlatform } from '../support/memory-platform.ts';
import { testPassphrase, testScryptCost } from '../support/open-keep.ts';
import { signInAsAda } from './sign-in-as-ada.ts';

const passphrase = Secret.fromText(testPassphrase);

let folder: string;
let demo: DemoProgram;
let servers: DemoServers;
let platform: MemoryPlatform;
let store: Store;
let core: Core;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'counterfoil-demo-'));
  platform = memoryPlatform();
  const [issuerPort, apiPort] = await Promise.all([freePort(), freePort()]);
  demo = createDemoProcesses({
    folder: new URL('../../resources/demo', import.meta.url).pathname,
    log: platform.log,
    clock: systemClock,
    issuerPort,
    apiPort,
    stateFolder: folder,
  });
  servers = await demo.startServers();
  store = openStore({ file: ':memory:' });
  core = await openCore();
  await core.vault.create(passphrase);
}, 60_000);

afterAll(async () => {
  await core?.stop();
  store?.close();
  await demo?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 20_000);

function openCore(): Promise<Core> {
  return createCore({ ...platform, clock: systemClock, demo }, store, {
    agentPort: 0,
    version: 'test',
    openWindow: () => {},
    quit: () => {},
    presets: [demoBankPreset(servers)],
    [scryptCostOption]: testScryptCost,
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = new URL(await listen(server, 0));
  await close(server);
  return Number(port);
}

const output = (): string =>
  platform.log.lines.map(({ fields }) => (typeof fields.line === 'string' ? fields.line : '')).join('\n');

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 15_000, interval: 20 }).toBe(true);
}

async function nextApproval(): Promise<Approval> {
  await until(() => core.approvals.listPending().length > 0);
  const [approval] = core.approvals.listPending();
  if (!approval) throw new Error('nothing waits');
  return approval;
}

function approve(approval: Approval, narrowing: Partial<Parameters<Core['approvals']['preview']>[1]>): void {
  const card = core.approvals.card(approval.id);
  const [lifetime = 'once'] = card.lifetimes;
  const answer = { details: approval.details, scopes: approval.scopes, lifetime, ...narrowing };
  core.approvals.approve({
    approvalId: approval.id,
    askedDigest: approval.askedDigest,
    cardVersion: card.version,
    grantedDigest: core.approvals.preview(approval.id, answer).grantedDigest,
    narrowing: answer,
    presence: { kind: 'passphrase', at: systemClock.now() },
    ...(card.agent.isNew && { agentName: `Bookkeeper ${core.agents.list().length}` }),
  });
}

test('the sample agent does the main job with a stock client: found, accepted, narrowed, paid, refused, revoked', async () => {
  await demo.startAgent(core.issuer);
  await until(() => output().includes('Demo Bank is not connected yet'));
  const { id } = core.connections.add('demo');
  const { authorizationUrl } = await core.connections.beginSignIn(id);
  await (await fetch(await signInAsAda(authorizationUrl), { redirect: 'manual' })).body?.cancel();
  await core.connections.finished(id);

  const accounts = await nextApproval();
  expect(accounts.details).toEqual([{ type: 'account_information', actions: ['list_accounts', 'read_balances'] }]);
  approve(accounts, { details: [{ type: 'account_information', actions: ['list_accounts'] }], lifetime: '15m' });

  const payment = await nextApproval();
  expect(output()).toContain('"act":{"sub":"');
  const [asked] = payment.details;
  approve(payment, {
    details: [{ ...asked, type: 'payment_initiation', instructedAmount: { currency: 'EUR', amount: '180.00' } }],
  });
  await until(() => output().includes('— Done'));
  const said = output();
  expect(said).toContain('Trying to pay more than was granted: 280.00 EUR');
  expect(said).toContain('Refused, 403 call_not_covered');
  expect(said).toContain('it would need: [{"type":"payment_initiation"');
  expect(said).toContain('"status":"accepted","instructedAmount":{"currency":"EUR","amount":"180.00"}');
  expect(said).toContain('Refused, 403 grant_used_up');

  const live = core.grants.list({ live: true });
  expect(live.map(({ approvalId }) => approvalId)).toEqual([accounts.id]);
  const [grant] = live;
  if (!grant) throw new Error('no grant');
  core.broker.revoke(grant.id);
  await core.broker.settle();
  expect(core.broker.upstreamEnd(grant.id)).toBe('confirmed');
  expect(await core.vault.hasKey(brokerKeyName(grant.connectionId, grant.agentId))).toBe(false);
  expect(core.connections.get(id).state).toBe('signed_in');
  expect(core.audit.verify().intact).toBe(true);
}, 60_000);

test('after a restart everything is as it was, and the agent is known', async () => {
  const before = { agents: core.agents.list(), connections: core.connections.list(), grants: core.grants.list() };
  await core.stop();
  core = await openCore();
  await core.vault.unlock(passphrase);
  expect({ agents: core.agents.list(), connections: core.connections.list(), grants: core.grants.list() }).toEqual(before);
  expect(core.audit.verify().intact).toBe(true);
}, 30_000);

test('the servers are started once, and a taken port is said', async () => {
  expect(await demo.startServers()).toEqual(servers);
  const blocker = createServer((_request, response) => response.writeHead(404).end());
  const taken = new URL(await listen(blocker, 0));
  const other = createDemoProcesses({
    folder: new URL('../../resources/demo', import.meta.url).pathname,
    log: platform.log,
    clock: systemClock,
    issuerPort: Number(taken.port),
    apiPort: Number(new URL(servers.api).port),
    stateFolder: folder,
  });
  await expect(other.startServers()).rejects.toMatchObject({ code: 'launch_failed' });
  await other.stop();
  await close(blocker);
}, 30_000);

test('the bank keeps its sessions over a restart of its servers', async () => {
  const [connection] = core.connections.list();
  if (!connection) throw new Error('no connection');
  await demo.stop();
  await demo.startServers();
  expect(statSync(join(folder, 'bank.json')).mode & 0o777).toBe(0o600);
  const saw = (): number => output().split('The bank saw').length;
  const before = saw();
  await demo.startAgent(core.issuer);
  approve(await nextApproval(), { lifetime: '15m' });
  await until(() => saw() > before);
  expect(core.connections.get(connection.id).state).toBe('signed_in');
}, 60_000);
