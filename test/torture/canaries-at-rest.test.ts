import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../resources/start/build.ts';
import { type ContractClient, createClient } from '../../src/contract/client.ts';
import { createHttpTransport } from '../../src/contract/http-transport.ts';
import { registerAgent } from '../authserver/support/stock-agent.ts';
import { callProxy } from '../flows/open-story.ts';
import type { HeadlessProcess } from '../headless/headless-process.ts';
import { goal } from './goal.ts';
import { type Canary, CanarySearch, type Found } from './support/canaries.ts';
import { type FilledInstallation, fillInstallation } from './support/filled-installation.ts';
import { deletedFilesOf, filesWrittenSince } from './support/new-files.ts';
import { processTree } from './support/process-memory.ts';
import { SeenBytes } from './support/seen-bytes.ts';

const passphrase = randomBytes(24).toString('hex');
/** What the person's programs read. */
const readings = ['status.get', 'approvals.list', 'grants.list', 'agents.list', 'connections.list', 'audit.list'] as const;

/** The shipped shell on a filled data folder: unlocked, used by agents and by the person, locked, stopped. */
describe.skipIf(process.platform !== 'linux')('what the shipped shell leaves where others can read it', () => {
  const startedAt = Date.now();
  let filled: FilledInstallation;
  let running: HeadlessProcess;
  let page: ContractClient;
  let canaries: readonly Canary[];
  let search: CanarySearch;
  /** Files while it ran, while it was locked, and after it ended. */
  const files: { readonly path: string; readonly bytes: Buffer; readonly mode: number }[] = [];
  const folders: { readonly path: string; readonly mode: number }[] = [];
  /** Files elsewhere, and files without a name. */
  const strays: { readonly path: string; readonly bytes: Buffer }[] = [];
  const agents = new SeenBytes();
  const person = new SeenBytes();
  let commandLines = Buffer.alloc(0);

  function look(): void {
    const root = filled.installation.folder;
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const mode = statSync(path).mode & 0o777;
      if (entry.isDirectory()) folders.push({ path, mode });
      else if (entry.isFile()) files.push({ path, mode, bytes: readFileSync(path) });
    }
    if (running.child.exitCode === null) strays.push(...deletedFilesOf(running.child.pid ?? 0));
  }

  async function pageOf(link: string): Promise<{ readonly page: ContractClient; readonly launch: string }> {
    const { origin, hash } = new URL(link);
    const launch = new URLSearchParams(hash.slice(1)).get('launch') ?? '';
    return { page: createClient(await createHttpTransport({ base: origin, launch, fetch: person.fetchOf(origin) })), launch };
  }

  /** A new agent registers, asks, polls, is approved in the page, calls, refreshes and gives its tokens back. */
  async function wholeStory(issuer: string): Promise<void> {
    const agent = await registerAgent(issuer);
    const { auth_req_id: request } = await agent.ask({
      authorization_details: JSON.stringify([{ type: 'account_information', actions: ['list_accounts'] }]),
    });
    await agent.poll(request);
    const [waiting] = (await page.call('approvals.list', {})).pending;
    const id = waiting?.id ?? '';
    const card = await page.call('approvals.card', { id });
    const narrowing = { details: card.details.map(({ detail }) => detail), scopes: card.scopes, lifetime: card.lifetimes[0]! };
    const { grantedDigest } = await page.call('approvals.preview', { id, narrowing });
    const shown = { id, cardVersion: card.version, askedDigest: card.askedDigest, grantedDigest, narrowing };
    await page.call('approvals.approve', { ...shown, agentName: 'Clerk of today' }, passphrase);
    const { body } = await agent.poll(request);
    const token = String(body['access_token']);
    const { status } = await callProxy({ agent, tokens: { access_token: token, token_type: 'dpop' } }, '/accounts');
    expect(status).toBe(200);
    await agent.refresh(typeof body['refresh_token'] === 'string' ? body['refresh_token'] : 'none');
    await agent.post('/revoke', { token });
    await agent.post('/introspect', { token });
    await agent.post('/nowhere', {});
  }

  async function readEverything(): Promise<void> {
    for (const name of readings) await page.call(name, {});
    for (const command of ['status', 'pending', 'grants', 'agents', 'audit', 'doctor']) {
      const { out, err } = await filled.installation.command(command);
      person.add(`counterfoil ${command}`, `${out}${err}`);
    }
  }

  beforeAll(async () => {
    await build();
    filled = await fillInstallation(passphrase, { agentCount: 3 });
    for (const notice of filled.notices) person.add('notification', JSON.stringify(notice));
    const own = filled.agents.map(({ agent, tokens }) => ({ kind: 'agent token', name: agent.id, value: tokens.access_token }));
    const atStart = await filled.secrets();
    running = await filled.installation.start(['--no-open', '--port', String(filled.port)]);
    await filled.installation.command('open');
    const opened = await pageOf(await running.link());
    page = opened.page;
    await page.call('vault.unlock', {}, 'not the passphrase').catch(() => {});
    await page.call('vault.unlock', {}, passphrase);
    const issuer = `http://127.0.0.1:${filled.port}`;
    await agents.during(async () => {
      for (const granted of filled.agents) {
        for (const path of ['/accounts', '/accounts/main/transactions', '/nothing']) await callProxy(granted, path);
      }
      await wholeStory(issuer);
    });
    await readEverything();
    look();
    commandLines = Buffer.concat(
      processTree(running.child.pid ?? 0).flatMap((pid) =>
        ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`)),
      ),
    );
    await page.call('vault.lock', {});
    await agents.during(async () => {
      for (const granted of filled.agents) await callProxy(granted, '/accounts');
    });
    await readEverything();
    look();
    canaries = [...atStart, ...(await filled.secrets()), ...own, { kind: 'launch token', name: 'link', value: opened.launch }];
    search = new CanarySearch(canaries);
    const { err } = await running.stop();
    person.add('log', err);
    look();
    strays.push(...filesWrittenSince(startedAt));
  }, 300_000);
  afterAll(() => filled?.remove());

  const found = (bytes: Buffer): readonly string[] => search.inBytes(bytes).map(described);
  const described = ({ canary, form }: Found): string => `${canary.kind} (${form})`;

  test('no file holds a secret, in any spelling, while it runs, locked or stopped; nor those elsewhere or without a name (goal M2)', () => {
    expect(canaries.length).toBeGreaterThan(15);
    expect(files.map(({ path }) => path).join('\n')).toContain('counterfoil.db-wal');
    for (const { path, bytes } of [...files, ...strays]) expect(found(bytes), path).toEqual([]);
    goal('M2', canaries.length, canaries.length).report(
      `0 found in ${files.length} files of its own and ${strays.length} others written meanwhile, in any spelling`,
    );
  });

  test('every file is for its owner only: 0600, and folders 0700 (goal M2)', () => {
    for (const { path, mode } of files) expect(mode.toString(8), path).toBe('600');
    for (const { path, mode } of folders) expect(mode.toString(8), path).toBe('700');
  });

  test('no answer of any endpoint to an agent holds a secret (goal S10)', () => {
    const places = new Set(agents.all.map(({ where }) => where));
    for (const place of ['/register', '/bc-authorize', '/token', '/proxy/demo/accounts', '/introspect', '/revoke', '/nowhere']) {
      expect([...places]).toContain(place);
    }
    expect(agents.all.map(({ text }) => text).join('\n')).toContain('call_not_covered');
    for (const { where, text } of agents.all) expect(found(Buffer.from(text)), where).toEqual([]);
  });

  test('no answer to the person’s programs, notification, printed line, command line or environment holds a secret (goal S10)', () => {
    const told = person.all.map(({ where, text }) => `${where} ${text}`).join('\n');
    for (const part of ['Clerk of today', 'counterfoil audit', 'notification', 'Agents find Counterfoil at']) {
      expect(told).toContain(part);
    }
    for (const { where, text } of person.all) expect(found(Buffer.from(text)), where).toEqual([]);
    expect(found(commandLines)).toEqual([]);
    goal('S10', canaries.length, canaries.length).report(
      `0 found in ${agents.all.length} answers to agents, ${person.all.length} to the person's programs with log and notices, and the command lines`,
    );
  });

  test('the search finds each secret in each spelling', () => {
    for (const { value } of canaries) {
      const bytes = Buffer.from(value as string);
      for (const spelt of [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(`xy${bytes.toString('base64')}`)]) {
        expect(search.inBytes(Buffer.concat([Buffer.from('before '), spelt, Buffer.from(' after')])).length).toBeGreaterThan(0);
      }
    }
  });
});
