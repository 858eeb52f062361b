/**
 * The whole product without a window: a bank, a core with its data in a folder, the person's page, and stock agents, each
 * over real HTTP and in real time.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as oauth from 'openid-client';
import { systemClock } from '../../src/base/clock.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import type { NarrowingInput } from '../../src/contract/shapes.ts';
import { memoryKeychain } from '../../src/platform/keychain/memory.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { type OpenCore, openCoreOn } from '../api/open-core.ts';
import { registerAgent, type StockAgent } from '../authserver/support/stock-agent.ts';
import { type DemoBank, startDemoBank } from '../demo/demo-bank.ts';
import { signInAsAda } from '../demo/sign-in-as-ada.ts';
import { type MemoryPlatform, memoryPlatform } from '../support/memory-platform.ts';
import { testPassphrase } from '../support/open-keep.ts';

export type Machine = Omit<MemoryPlatform, 'clock'> & Pick<Platform, 'clock'>;

export interface Story {
  readonly bank: DemoBank;
  readonly folder: string;
  /** The core of now; another one after {@link Story.restart}. */
  readonly now: () => OpenCore<Machine>;
  /** Access tokens that reached the bank's API, as a canary to look for. */
  readonly upstreamTokens: Set<string>;
  /** Ends the core, lets another program do something, and starts another core on the same data, keychain and port; unlocked. */
  readonly restart: (meanwhile?: () => void) => Promise<void>;
  /** Ends the core only. */
  readonly stopCore: () => Promise<void>;
  /** Time passes at once, as if the machine had slept. */
  readonly skip: (milliseconds: number) => void;
  readonly close: () => Promise<void>;
}

export async function openStory(): Promise<Story> {
  const upstreamTokens = new Set<string>();
  const onCall = (request: IncomingMessage): void => {
    const [, token] = /^DPoP (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token !== undefined) upstreamTokens.add(token);
  };
  const bank = await startDemoBank({ onCall });
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-story-'));
  let skipped = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + skipped, elapsed: () => systemClock.elapsed() + skipped };
  const machine: Machine = { ...memoryPlatform({ keychain: memoryKeychain() }), clock };
  const start = (agentPort: number): Promise<OpenCore<Machine>> =>
    openCoreOn(machine, { file: join(folder, 'counterfoil.db'), presets: [demoBankPreset(bank)], agentPort });
  let core: OpenCore<Machine> | undefined = await start(0);
  const stopCore = async (): Promise<void> => {
    await core?.close();
    core = undefined;
  };
  return {
    bank,
    folder,
    upstreamTokens,
    skip(milliseconds) {
      skipped += milliseconds;
    },
    now: () => {
      if (core === undefined) throw new Error('the core is not running');
      return core;
    },
    restart: async (meanwhile) => {
      const port = Number(new URL(core?.core.issuer ?? '').port);
      await stopCore();
      meanwhile?.();
      core = await start(port);
    },
    stopCore,
    close: async () => {
      await stopCore();
      await bank.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The person connects the bank and signs in there, once. */
export async function signIn(story: Story): Promise<string> {
  const { core, page } = story.now();
  const { id } = await page.client.call('connections.add', { presetId: 'demo' }, testPassphrase);
  const { authorizationUrl } = await page.client.call('connections.signIn', { id }, testPassphrase);
  const callback = await signInAsAda(authorizationUrl);
  await (await fetch(callback)).text();
  await core.connections.finished(id as never);
  return id;
}

export interface Granted {
  readonly agent: StockAgent;
  readonly tokens: oauth.TokenEndpointResponse;
  readonly grantId: string;
}

export interface Answering {
  readonly narrowing?: Partial<NarrowingInput>;
  readonly agentName?: string;
}

/** The person looks at the one card that waits for this agent, narrows it, and approves with the passphrase. */
export async function approve(story: Story, agent: StockAgent, answer: Answering = {}): Promise<string> {
  const { core, page } = story.now();
  const waiting = core.approvals.listPending().find((approval) => approval.agentId === agent.id);
  if (!waiting) throw new Error('nothing waits');
  const { id } = waiting;
  const card = await page.client.call('approvals.card', { id });
  const narrowing: NarrowingInput = {
    details: card.details.map(({ detail }) => detail),
    scopes: card.scopes,
    lifetime: card.lifetimes[0]!,
    ...answer.narrowing,
  };
  const { grantedDigest } = await page.client.call('approvals.preview', { id, narrowing });
  const decision = { id, cardVersion: card.version, askedDigest: card.askedDigest, grantedDigest, narrowing };
  const named = card.agent.isNew ? { agentName: answer.agentName ?? `Agent ${agent.id.slice(-6)}` } : {};
  return (await page.client.call('approvals.approve', { ...decision, ...named }, testPassphrase)).grantId;
}

export interface Asking extends Answering {
  readonly details: readonly object[];
}

/** An agent asks, polls while the person answers, and has its token. */
export async function ask(story: Story, agent: StockAgent, asking: Asking): Promise<Granted> {
  const started = await agent.ask({ scope: 'openid', authorization_details: JSON.stringify(asking.details) });
  const polling = oauth.pollBackchannelAuthenticationGrant(agent.config, started, undefined, { DPoP: agent.dpop });
  const grantId = await approve(story, agent, asking);
  return { agent, tokens: await polling, grantId };
}

export const newAgent = (story: Story): Promise<StockAgent> => registerAgent(story.now().core.issuer);

export interface ProxyAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly retryAfter: string | null;
}

/** A call as the agent's library makes it: token, proof, nonce. */
export async function callProxy(granted: Pick<Granted, 'agent' | 'tokens'>, path: string, body?: object): Promise<ProxyAnswer> {
  const { agent, tokens } = granted;
  const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' });
  const text = body === undefined ? undefined : JSON.stringify(body);
  const url = new URL(`${agent.resource}${path}`);
  const method = body === undefined ? 'GET' : 'POST';
  try {
    return await read(
      await oauth.fetchProtectedResource(agent.config, tokens.access_token, url, method, text, headers, { DPoP: agent.dpop }),
    );
  } catch (error) {
    if (error instanceof oauth.WWWAuthenticateChallengeError) return read(error.response);
    throw error;
  }
}

async function read(response: Response): Promise<ProxyAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
    text,
    retryAfter: response.headers.get('retry-after'),
  };
}

/** Every file of the data folder, as bytes. */
export function filesOf(folder: string): readonly { readonly name: string; readonly bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => ({ name: entry.name, bytes: readFileSync(join(entry.parentPath, entry.name)) }));
}
