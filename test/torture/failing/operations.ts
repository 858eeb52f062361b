/** What people and agents do, each from its own beginning, over one core. */

import { isRefusal } from '../../../src/base/errors.ts';
import { asId } from '../../../src/base/ids.ts';
import { RefusedError } from '../../../src/contract/client.ts';
import type { Core } from '../../../src/core.ts';
import type { Page } from '../../api/open-core.ts';
import {
  type Answer,
  newKey,
  proofFor,
  registerAgent,
  registration,
  type StockAgent,
} from '../../authserver/support/stock-agent.ts';
import { testPassphrase } from '../../support/open-keep.ts';

export interface World {
  readonly core: Core;
  readonly page: Page;
  /** Presets of providers for adding: each try takes one. */
  readonly spares: readonly string[];
  /** Signs in at the provider of the demonstration. */
  signIn(): Promise<void>;
}

/** What a client was answered: `ok`, or the code of a refusal or of an OAuth error. */
export type Outcome = string;

/** Makes everything ready, and returns the act itself. */
export type Operation = (world: World) => Promise<() => Promise<Outcome>>;

const details = [{ type: 'account_information', actions: ['list_accounts'] }];

const newAgent = ({ core }: World): Promise<StockAgent> => registerAgent(core.issuer);

const ask = (agent: StockAgent): Promise<Answer> =>
  agent.post('/bc-authorize', {
    scope: 'openid accounts',
    login_hint: 'me',
    resource: agent.resource,
    authorization_details: JSON.stringify(details),
  });

interface Asked {
  readonly agent: StockAgent;
  readonly authReqId: string;
  readonly id: string;
}

async function asked(world: World): Promise<Asked> {
  const agent = await newAgent(world);
  const { body } = await ask(agent);
  const waiting = world.core.approvals.listPending().find(({ agentId }) => agentId === agent.id);
  if (waiting === undefined) throw new Error(`nobody was asked: ${JSON.stringify(body)}`);
  return { agent, authReqId: String(body['auth_req_id']), id: waiting.id };
}

async function approving(world: World, { id, agent }: Asked): Promise<() => Promise<{ grantId: string }>> {
  const { client } = world.page;
  const card = await client.call('approvals.card', { id });
  const narrowing = { details, scopes: card.scopes, lifetime: '1h' as const };
  const { grantedDigest } = await client.call('approvals.preview', { id, narrowing });
  const decision = { id, cardVersion: card.version, askedDigest: card.askedDigest, grantedDigest, narrowing };
  return () => client.call('approvals.approve', { ...decision, agentName: `Agent ${agent.id.slice(-8)}` }, testPassphrase);
}

async function approved(world: World): Promise<Asked & { readonly grantId: string }> {
  const request = await asked(world);
  const { grantId } = await (await approving(world, request))();
  return { ...request, grantId };
}

async function holding(
  world: World,
): Promise<Asked & { readonly grantId: string; readonly access: string; readonly refresh: string }> {
  const request = await approved(world);
  const { body } = await request.agent.poll(request.authReqId);
  if (typeof body['access_token'] !== 'string') throw new Error(`no token: ${JSON.stringify(body)}`);
  return { ...request, access: body['access_token'], refresh: String(body['refresh_token']) };
}

/** What the person asks for over the contract. */
async function told(call: Promise<unknown>): Promise<Outcome> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal.code;
    if (isRefusal(error)) return error.code;
    throw error;
  }
}

const answered = ({ status, body }: Pick<Answer, 'status' | 'body'>): Outcome =>
  status < 300 ? 'ok' : `${status} ${String(body['error'])}`;

/** The test's agent fetches a nonce first, and throws what it was answered instead. */
async function answeredWithNonce(sending: Promise<Answer>): Promise<Outcome> {
  try {
    return answered(await sending);
  } catch (error) {
    const [, code] = /^Error: no nonce from .*"error":"(\w+)"/.exec(String(error)) ?? [];
    if (code === undefined) throw error;
    return `503 ${code}`;
  }
}

async function call(agent: StockAgent, access: string): Promise<Outcome> {
  const url = `${agent.resource}/accounts`;
  let nonce = '';
  for (;;) {
    const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(access))).toString('base64url');
    const proof = proofFor(agent.dpopKey, { htm: 'GET', htu: url, ath, nonce });
    const response = await fetch(url, { headers: { authorization: `DPoP ${access}`, dpop: proof } });
    const text = await response.text();
    const fresh = response.headers.get('dpop-nonce') ?? '';
    if (response.status !== 401 || nonce !== '' || fresh === '') {
      return answered({ status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : {} });
    }
    nonce = fresh;
  }
}

export const operations: Readonly<Record<string, Operation>> = {
  'an agent registers': async ({ core }) => {
    const key = await newKey();
    return async () => {
      const response = await fetch(`${core.issuer}/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(registration(key)),
      });
      return answered({ status: response.status, body: (await response.json()) as Answer['body'] });
    };
  },
  'an agent asks': async (world) => {
    const agent = await newAgent(world);
    return async () => answered(await ask(agent));
  },
  'a card is shown': async (world) => {
    const { id } = await asked(world);
    return () => told(world.page.client.call('approvals.card', { id }));
  },
  'the person approves': async (world) => {
    const act = await approving(world, await asked(world));
    return () => told(act());
  },
  'the person denies': async (world) => {
    const { id } = await asked(world);
    return () => told(world.page.client.call('approvals.deny', { id }));
  },
  'a request is withdrawn': async (world) => {
    const { id } = await asked(world);
    return () => told((async () => world.core.approvals.cancel(asId(id)))());
  },
  'an agent takes its tokens': async (world) => {
    const { agent, authReqId } = await approved(world);
    return () => answeredWithNonce(agent.poll(authReqId));
  },
  'an agent renews its tokens': async (world) => {
    const { agent, refresh } = await holding(world);
    return () => answeredWithNonce(agent.refresh(refresh));
  },
  'a first call is forwarded': async (world) => {
    const { agent, access } = await holding(world);
    return () => call(agent, access);
  },
  'one more call is forwarded': async (world) => {
    const { agent, access } = await holding(world);
    await call(agent, access);
    return () => call(agent, access);
  },
  'an agent gives a token back': async (world) => {
    const { agent, access } = await holding(world);
    return async () => answered(await agent.post('/revoke', { token: access }));
  },
  'the person ends a grant': async (world) => {
    const { agent, access, grantId } = await holding(world);
    await call(agent, access);
    return () => told(world.page.client.call('grants.revoke', { ids: [grantId] }));
  },
  'the person ends every grant': async (world) => {
    await holding(world);
    return () => told(world.page.client.call('grants.revokeAll', {}));
  },
  'an agent is suspended': async (world) => {
    const { agent } = await approved(world);
    return () => told(world.page.client.call('agents.suspend', { id: agent.id }));
  },
  'an agent is resumed': async (world) => {
    const { agent } = await approved(world);
    await world.page.client.call('agents.suspend', { id: agent.id });
    return () => told(world.page.client.call('agents.resume', { id: agent.id }, testPassphrase));
  },
  'an agent is removed': async (world) => {
    const { agent } = await holding(world);
    return () => told(world.page.client.call('agents.remove', { id: agent.id }));
  },
  'all agents are paused': async ({ page }) => {
    await page.client.call('agents.resumeAll', {}, testPassphrase);
    return () => told(page.client.call('agents.pauseAll', {}));
  },
  'all agents go on': async ({ page }) => {
    await page.client.call('agents.pauseAll', {});
    return () => told(page.client.call('agents.resumeAll', {}, testPassphrase));
  },
  'a setting is changed': async ({ page }) => {
    return () => told(page.client.call('settings.change', { approveLowRiskOnNotification: false }, testPassphrase));
  },
  'a connection is added': async ({ core, page, spares }) => {
    const added = new Set(core.connections.list().map((one) => one.presetId));
    const presetId = spares.find((id) => !added.has(id)) ?? 'no preset is left';
    return () => told(page.client.call('connections.add', { presetId }, testPassphrase));
  },
  'a connection is signed out': async (world) => {
    const { client } = world.page;
    const [demo] = (await client.call('connections.list', {})).connections.filter(({ resources }) =>
      resources.some(({ id }) => id === 'demo'),
    );
    if (demo?.state !== 'signed_in') await world.signIn();
    return () => told(client.call('connections.signOut', { id: demo?.id ?? '' }));
  },
  'the vault is locked': async ({ core, page }) => {
    return async () => {
      const outcome = await told(page.client.call('vault.lock', {}));
      // Whatever cannot be written down: who locks is locked.
      return core.vault.state() === 'locked' ? outcome : 'still open';
    };
  },
  'the vault is unlocked': async ({ page }) => {
    await page.client.call('vault.lock', {});
    return () => told(page.client.call('vault.unlock', {}, testPassphrase));
  },
};
