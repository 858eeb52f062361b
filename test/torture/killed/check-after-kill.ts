/** Opens the data of a killed core as the next start does, and compares it with what clients were told. */
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { type ApprovalId, asId, type GrantId, hashOf } from '../../../src/base/ids.ts';
import { Secret } from '../../../src/base/secret.ts';
import { demoBankPreset } from '../../../src/connections/presets.ts';
import { type Core, createCore, scryptCostOption } from '../../../src/core.ts';
import { sealedFileKeychain } from '../../../src/platform/keychain/sealed-file.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import type { Store } from '../../../src/store/store.ts';
import { memoryPlatform } from '../../support/memory-platform.ts';
import { testPassphrase, testScryptCost } from '../../support/open-keep.ts';
import type { Ledger } from './ledger.ts';

/** Each a list of what is wrong; all empty when nothing is. */
export interface Found {
  /** Told to a client, and not there. */
  readonly lost: readonly string[];
  /** SQLite or our own MACs do not accept what is there. */
  readonly corrupt: readonly string[];
  /** There without what allows or records it. */
  readonly unfounded: readonly string[];
  /** Done in part: one of several things that belong together. */
  readonly halves: readonly string[];
}

export async function checkAfterKill(folder: string, ledger: Ledger): Promise<Found> {
  const store = openStore({ file: join(folder, 'counterfoil.db') });
  const corrupt = [...integrityOf(store)];
  const keychain = sealedFileKeychain(join(folder, 'keys.json'));
  const core = await createCore({ ...memoryPlatform({ keychain }), clock: systemClock }, store, {
    agentPort: 0,
    version: 'after the kill',
    openWindow: () => {},
    quit: () => {},
    presets: [demoBankPreset({ issuer: 'http://127.0.0.1:1', api: 'http://127.0.0.1:1' })],
    [scryptCostOption]: testScryptCost,
  });
  try {
    const before = core.audit.verify();
    if (!before.intact) corrupt.push(`the chain breaks at ${before.brokenAt}`);
    await core.vault.unlock(Secret.fromText(testPassphrase));
    corrupt.push(...core.audit.list({ search: 'tampered', limit: 200 }).map((entry) => `reported: ${JSON.stringify(entry)}`));
    return { lost: lostOf(core, store, ledger), corrupt, unfounded: unfoundedOf(core, store, ledger), halves: halvesOf(store) };
  } finally {
    await core.stop();
    store.close();
  }
}

function integrityOf(store: Store): readonly string[] {
  const found = store.all<{ integrity_check: string }>('PRAGMA integrity_check').map((row) => row.integrity_check);
  return [
    ...found.filter((line) => line !== 'ok'),
    ...store.all('PRAGMA foreign_key_check').map((row) => `a broken reference: ${JSON.stringify(row)}`),
  ];
}

function lostOf(core: Core, store: Store, ledger: Ledger): readonly string[] {
  const lost: string[] = [];
  const expect = (isThere: boolean, what: string): void => {
    if (!isThere) lost.push(what);
  };
  for (const request of ledger.asked) expect(core.approvals.findByRequest(hashOf(request)) !== undefined, 'a request');
  for (const [id, grantId] of ledger.approved) {
    const approval = core.approvals.find(asId<ApprovalId>(id));
    const grant = core.grants.find(asId<GrantId>(grantId));
    expect(approval?.state === 'approved' && approval.grantId === grantId, `the approval ${id}`);
    expect(grant?.approvalId === id, `the grant ${grantId}`);
    expect(approval?.receiptId !== undefined && core.approvals.findReceipt(approval.receiptId)?.grantId === grantId, `a receipt`);
  }
  for (const id of ledger.denied) expect(core.approvals.find(asId<ApprovalId>(id))?.state === 'denied', `the denial of ${id}`);
  for (const id of ledger.revoked) expect(core.grants.find(asId<GrantId>(id))?.endedBy === 'revoked', `the end of ${id}`);
  for (const [id, state] of ledger.agents) expect(core.agents.find(asId(id))?.state === state, `${id} is ${state}`);
  const hashes = hashesBySeq(store);
  for (const [seq, hash] of ledger.read) expect(hashes.get(seq) === hash, `the audit entry ${seq}`);
  const issued = recordedTokens(store);
  for (const [token, { kind }] of ledger.tokens) expect(issued.get(hashOf(token)) === kind, `the record of a token (${kind})`);
  for (const [request, calls] of ledger.calls) {
    const grantId = core.approvals.findByRequest(hashOf(request))?.grantId ?? '';
    expect(eventsOf(store, 'call.forwarded', grantId) >= calls, `a call under ${grantId}`);
    expect((core.grants.find(asId<GrantId>(grantId))?.usesReserved ?? 0) >= calls, `a use of ${grantId}`);
  }
  return lost;
}

function hashesBySeq(store: Store): ReadonlyMap<number, string> {
  return new Map(store.all<{ seq: number; hash: string }>('SELECT seq, hash FROM audit').map(({ seq, hash }) => [seq, hash]));
}

interface TokenEvent {
  readonly grantId?: string;
  readonly hashes: { readonly token: string };
  readonly facts: { readonly kind: string };
}

const tokenEvents = (store: Store): readonly TokenEvent[] =>
  store
    .all<{ entry: string }>("SELECT entry FROM audit WHERE event IN ('token.issued', 'token.refreshed')")
    .map(({ entry }) => JSON.parse(entry) as TokenEvent);

/** Kind of each token that the log knows, by hash. */
function recordedTokens(store: Store): ReadonlyMap<string, string> {
  return new Map(tokenEvents(store).map(({ hashes, facts }) => [hashes.token, facts.kind]));
}

function eventsOf(store: Store, event: string, grantId: string): number {
  const sql = 'SELECT count(*) AS count FROM audit WHERE event = ? AND grant_id = ?';
  return store.first<{ count: number }>(sql, event, grantId)?.count ?? 0;
}

/** Authority that nobody gave, tokens that no entry tells of, calls that were not counted before they left. */
export function unfoundedOf(core: Core, store: Store, ledger: Ledger): readonly string[] {
  const found: string[] = [];
  for (const grant of core.grants.list()) {
    const approval = core.approvals.find(grant.approvalId);
    const receipt = core.approvals.findReceipt(grant.receiptId);
    const isFounded = approval?.state === 'approved' && approval.grantId === grant.id && receipt?.grantId === grant.id;
    if (!isFounded) found.push(`the grant ${grant.id} without its approval`);
    if (eventsOf(store, 'grant.created', grant.id) !== 1) found.push(`the grant ${grant.id} without its entry`);
    if (grant.usesAllowed !== undefined && grant.usesReserved > grant.usesAllowed) found.push(`${grant.id} used too often`);
  }
  for (const { grantId, tokens } of keptTokens(store)) {
    const recorded = tokenEvents(store).filter((event) => event.grantId === grantId).length;
    if (tokens > recorded) found.push(`${tokens} tokens under ${grantId}, and ${recorded} entries`);
  }
  for (const [hash, calls] of ledger.arrived) {
    const grantId = grantOfUpstreamToken(store, hash);
    const counted = eventsOf(store, 'call.forwarded', grantId);
    if (grantId === '' || calls > counted) found.push(`${calls} calls upstream under ${grantId}, and ${counted} entries`);
  }
  return found;
}

interface Payload {
  readonly grantId?: string;
  readonly model: string;
  readonly payload: { readonly consumed?: unknown };
}

const payloads = (store: Store): readonly Payload[] =>
  store.all<{ body: string }>('SELECT body FROM server_payloads').map(({ body }) => JSON.parse(body) as Payload);

function keptTokens(store: Store): readonly { readonly grantId: string; readonly tokens: number }[] {
  const sql = `SELECT grant_id AS grantId, count(*) AS tokens FROM server_payloads
    WHERE model IN ('AccessToken', 'RefreshToken') AND grant_id IS NOT NULL GROUP BY grant_id`;
  return store.all(sql);
}

function grantOfUpstreamToken(store: Store, hash: string): string {
  const sql = "SELECT grant_id AS grantId FROM audit WHERE event = 'upstream.exchanged' AND entry LIKE ?";
  return store.first<{ grantId: string }>(sql, `%"token":"${hash}"%`)?.grantId ?? '';
}

/** A request or a refresh token that was spent, and what was to be had for it is not all there: the agent stays without. */
export function halvesOf(store: Store): readonly string[] {
  const issued = Map.groupBy(tokenEvents(store), ({ grantId }) => grantId);
  const spent = Map.groupBy(
    payloads(store).filter(({ payload, model }) => payload.consumed !== undefined && model !== 'AccessToken'),
    ({ grantId }) => grantId,
  );
  return [...spent].flatMap(([grantId, rows]) => {
    const kinds = (issued.get(grantId) ?? []).map(({ facts }) => facts.kind);
    return (['access', 'refresh'] as const)
      .filter((kind) => kinds.filter((one) => one === kind).length < rows.length)
      .map((kind) => `${rows.length} spent under ${grantId}, and ${kinds.filter((one) => one === kind).length} of ${kind} for it`);
  });
}
