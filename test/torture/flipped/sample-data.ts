/** A data folder with something of everything in it, as the product leaves it, and what the product reads from one. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { close, listen } from '../../../resources/demo/listen.ts';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { isRefusal } from '../../../src/base/errors.ts';
import { demoBankPreset } from '../../../src/connections/presets.ts';
import { sealedFileKeychain } from '../../../src/platform/keychain/sealed-file.ts';
import { guardedTable } from '../../../src/vault/vault.ts';
import { type OpenCore, openCoreOn } from '../../api/open-core.ts';
import { registerAgent } from '../../authserver/support/stock-agent.ts';
import { comeBack, startFakeProvider } from '../../connections/fake-provider.ts';
import { approve, ask, callProxy, type Machine, type Story } from '../../flows/open-story.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { memoryPlatform } from '../../support/memory-platform.ts';

const details = [{ type: 'account_information', actions: ['list_accounts'] }];

export const databaseOf = (folder: string): string => join(folder, 'counterfoil.db');

const open = (
  folder: string,
  clock: Clock,
  urls = { issuer: 'http://127.0.0.1:1', api: 'http://127.0.0.1:1' },
): Promise<OpenCore<Machine>> => {
  const machine: Machine = { ...memoryPlatform({ keychain: sealedFileKeychain(join(folder, 'keys.json')) }), clock };
  return openCoreOn(machine, { file: databaseOf(folder), presets: [demoBankPreset(urls)] });
};

/** Two agents, requests in every state, grants alive and ended, tokens of both kinds, calls, credentials. */
export async function makeSampleData(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-sample-'));
  const provider = await startFakeProvider();
  const upstream = createServer((_request, response) => response.end('{}'));
  const running = await open(folder, systemClock, { issuer: provider.issuer, api: await listen(upstream, 0) });
  const story = { now: () => running } as unknown as Story;
  const { core, page } = running;
  const { id } = core.connections.add('demo');
  const { authorizationUrl } = await core.connections.beginSignIn(id);
  await comeBack(provider, authorizationUrl);
  await core.connections.finished(id);
  for (const name of ['Planner', 'Reader']) {
    const agent = await registerAgent(core.issuer, { client_name: name });
    const granted = await ask(story, agent, { details, agentName: name });
    await callProxy(granted, '/accounts');
    const ended = await ask(story, agent, { details });
    await callProxy(ended, '/accounts');
    await page.client.call('grants.revoke', { ids: [ended.grantId] });
    for (const answer of ['deny', 'wait', 'approve'] as const) {
      await agent.ask({ scope: 'openid accounts', authorization_details: JSON.stringify(details) });
      const [waiting] = core.approvals.listPending().filter(({ agentId }) => agentId === agent.id);
      if (answer === 'deny' && waiting) core.approvals.deny(waiting.id, 'Not today');
      if (answer === 'approve') await approve(story, agent);
    }
  }
  await core.broker.settle();
  await running.close();
  await provider.stop();
  await close(upstream);
  return folder;
}

export function copyOf(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'counterfoil-flipped-'));
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** What the product says of a folder: what is in it, or that something is wrong with it. */
export type Reading =
  | { readonly kind: 'content'; readonly text: string }
  /** In the words of a refusal, of the log's check, or of what was reported at unlock. */
  | { readonly kind: 'wrong'; readonly how: string };

/**
 * Opens, checks the log, unlocks, and reads everything.
 *
 * @param now Between two readings nothing may come to its end.
 */
export async function readData(folder: string, now: number): Promise<Reading> {
  let running: OpenCore<Machine>;
  try {
    running = await open(folder, createFakeClock(now));
  } catch (error) {
    return { kind: 'wrong', how: `refused: ${codeOf(error)}` };
  }
  try {
    return contentOf(running);
  } catch (error) {
    return { kind: 'wrong', how: `reading refused: ${codeOf(error)}` };
  } finally {
    await running.close().catch(() => undefined);
  }
}

function codeOf(error: unknown): string {
  if (isRefusal(error)) return error.code;
  const code = (error as { refusal?: { code?: string } }).refusal?.code;
  return code ?? `not a refusal: ${error instanceof Error ? error.stack : String(error)}`;
}

function contentOf({ core, store }: OpenCore<Machine>): Reading {
  const { agents, approvals, audit, connections, grants, broker, vault } = core;
  const log = audit.verify();
  if (!log.intact) return { kind: 'wrong', how: 'the log breaks' };
  const entries = entriesOf(core);
  const reported = entries.find(({ event }) => event === 'row.tampered' || event === 'state.gap_found');
  if (reported !== undefined) return { kind: 'wrong', how: `reported: ${reported.event}` };
  const tampered = otherTables.flatMap(({ name, columns }) =>
    guardedTable({ store, vault }, { name, schema: 1, columns }).tampered(),
  );
  if (tampered.length > 0) return { kind: 'wrong', how: 'row_tampered when used' };
  const recent = approvals.listRecent(1000);
  const content = {
    agents: agents.list(),
    paused: agents.paused(),
    pending: approvals.listPending(),
    recent,
    receipts: recent.flatMap(({ receiptId }) => (receiptId === undefined ? [] : [approvals.findReceipt(receiptId)])),
    grants: grants.list().map((grant) => [grant, broker.upstreamEnd(grant.id)]),
    live: grants.list({ live: true }).map(({ id }) => id),
    byAgent: agents.list().map(({ id }) => [grants.list({ agentId: id }).length, audit.list({ agentId: id, limit: 200 }).length]),
    byGrant: grants.list().map(({ id }) => audit.list({ grantId: id, limit: 200 }).length),
    connections: connections.list(),
    resources: connections.resources(),
    settings: approvals.settings(),
    payloads: store.all('SELECT id, body FROM server_payloads ORDER BY id'),
    payloadsByGrant: grants
      .list()
      .map(({ id }) => store.first('SELECT count(*) AS count FROM server_payloads WHERE grant_id = ?', id)),
    tokens: store.all('SELECT id, body FROM upstream_tokens ORDER BY id'),
    credentials: store.all('SELECT id, body FROM connection_credentials ORDER BY id'),
    // What this reading itself wrote is no content.
    entries: entries.slice(entries.findIndex(({ event }) => event === 'vault.locked')),
  };
  return { kind: 'content', text: JSON.stringify(content, undefined, 1) };
}

function entriesOf({ audit }: OpenCore<Machine>['core']) {
  const entries = [...audit.list({ limit: 200 })];
  for (;;) {
    const more = audit.list({ limit: 200, before: entries.at(-1)?.seq ?? 0 });
    if (more.length === 0) return entries;
    entries.push(...more);
  }
}

type Column = string | number | null;

/** Tables whose rows are looked at when they are used: their owners' definitions, as far as a MAC needs them. */
const otherTables: readonly { readonly name: string; readonly columns: (value: never) => Readonly<Record<string, Column>> }[] = [
  {
    name: 'server_payloads',
    columns: (stored: { model: string; grantId?: string; removableAt: number }) => ({
      model: stored.model,
      grant_id: stored.grantId ?? null,
      expires_at: stored.removableAt,
    }),
  },
  {
    name: 'upstream_tokens',
    columns: (token: { grantId: string; state: string; dueAt: number }) => ({
      grant_id: token.grantId,
      state: token.state,
      due_at: token.dueAt,
    }),
  },
  { name: 'connection_credentials', columns: () => ({}) },
];

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
