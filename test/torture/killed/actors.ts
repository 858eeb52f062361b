/** Who works while the core is killed: agents over HTTP, and the person. Each ends when the core does not answer any more. */
import { type ContractClient, RefusedError } from '../../../src/contract/client.ts';
import { type Answer, cibaGrantType, proofFor, type StockAgent } from '../../authserver/support/stock-agent.ts';
import { testPassphrase } from '../../support/open-keep.ts';
import { Gone } from './killable-core.ts';
import type { Ledger } from './ledger.ts';

export interface Actor {
  readonly ledger: Ledger;
  /** Between 0 and 1. */
  readonly random: () => number;
  /** True once the core was killed. */
  readonly isOver: () => boolean;
}

/** An agent and what it holds; it goes on with that after a restart. */
export interface HardAgent {
  readonly agent: StockAgent;
  /** Requests without an answer yet. */
  readonly waiting: string[];
  /** The newest that it was given, as every DPoP client keeps it. */
  nonce: string;
}

const details = JSON.stringify([{ type: 'account_information', actions: ['list_accounts'] }]);

/** Asks, waits for the answer, calls with the token, renews it, and asks again. */
export async function actAsAgent(actor: Actor, hard: HardAgent): Promise<void> {
  await untilGone(actor, async () => {
    for (const authReqId of hard.waiting.slice()) await collect(actor, hard, authReqId);
    while (!actor.isOver()) {
      const { agent } = hard;
      const { status, body } = await agent.post('/bc-authorize', {
        scope: 'openid accounts',
        login_hint: 'me',
        resource: agent.resource,
        authorization_details: details,
      });
      const authReqId = body['auth_req_id'];
      if (typeof authReqId !== 'string') {
        notAnError(actor, 'ask', { status, body });
        await pause();
        continue;
      }
      actor.ledger.asked.add(authReqId);
      hard.waiting.push(authReqId);
      await collect(actor, hard, authReqId);
    }
  });
}

async function collect(actor: Actor, hard: HardAgent, authReqId: string): Promise<void> {
  for (;;) {
    const answer = await fetchTokens(hard, { grant_type: cibaGrantType, auth_req_id: authReqId });
    const code = answer.body['error'];
    if (code === 'authorization_pending' || code === 'slow_down' || answer.status === 503) {
      await pause();
      continue;
    }
    hard.waiting.splice(hard.waiting.indexOf(authReqId), 1);
    if (answer.status !== 200) return notAnError(actor, 'poll', answer);
    return useTokens(actor, hard, { answer, authReqId });
  }
}

/** A request for tokens with the nonce that the agent has; with the one it is given instead, when that is another. */
async function fetchTokens(hard: HardAgent, parameters: Readonly<Record<string, string>>): Promise<Answer> {
  const { agent } = hard;
  const htu = `${new URL(agent.resource).origin}/token`;
  for (let attempt = 0; ; attempt += 1) {
    const proof = proofFor(agent.dpopKey, { htm: 'POST', htu, ...(hard.nonce !== '' && { nonce: hard.nonce }) });
    const answer = await agent.post('/token', parameters, { headers: { DPoP: proof } });
    hard.nonce = answer.headers.get('dpop-nonce') ?? hard.nonce;
    if (answer.body['error'] !== 'use_dpop_nonce' || attempt > 0) return answer;
  }
}

interface Issued {
  readonly answer: Answer;
  readonly authReqId: string;
}

async function useTokens(actor: Actor, hard: HardAgent, { answer, authReqId }: Issued): Promise<void> {
  const { access_token: access, refresh_token: refresh } = answer.body;
  for (const [kind, token] of [
    ['access', access],
    ['refresh', refresh],
  ] as const) {
    if (typeof token === 'string') actor.ledger.tokens.set(token, { kind, authReqId });
  }
  const calls = Math.floor(actor.random() * 3);
  for (let n = 0; n < calls; n += 1) await callUpstream(actor, hard, { token: String(access), authReqId });
  if (typeof refresh !== 'string' || actor.random() < 0.6) return;
  const renewed = await fetchTokens(hard, { grant_type: 'refresh_token', refresh_token: refresh });
  if (renewed.status === 200) await useTokens(actor, hard, { answer: renewed, authReqId });
  else notAnError(actor, 'refresh', renewed);
}

async function callUpstream(
  actor: Actor,
  hard: HardAgent,
  { token, authReqId }: { readonly token: string; readonly authReqId: string },
): Promise<void> {
  const url = `${hard.agent.resource}/accounts`;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('base64url');
    const proof = proofFor(hard.agent.dpopKey, { htm: 'GET', htu: url, ath, nonce: hard.nonce });
    const response = await fetch(url, { headers: { authorization: `DPoP ${token}`, dpop: proof } });
    hard.nonce = response.headers.get('dpop-nonce') ?? hard.nonce;
    const text = await response.text();
    if (response.status === 200) {
      actor.ledger.calls.set(authReqId, (actor.ledger.calls.get(authReqId) ?? 0) + 1);
      return;
    }
    if (response.status !== 401) return notAnError(actor, 'call', { ...response, status: response.status, body: { text } });
  }
}

/** Answers, revokes, suspends, resumes, and reads the log. */
export async function actAsPerson(actor: Actor, client: ContractClient): Promise<void> {
  await untilGone(actor, async () => {
    await resumeAll(actor, client);
    while (!actor.isOver()) {
      const { pending } = await client.call('approvals.list', {});
      for (const { id } of pending) await refusalsAreFine(() => answer(actor, client, id));
      const chance = actor.random();
      if (chance < 0.4) await revokeOne(actor, client);
      else if (chance < 0.55) await suspendOne(actor, client);
      else if (chance < 0.8) await readLog(actor, client);
      await pause();
    }
  });
}

async function answer({ ledger, random }: Actor, client: ContractClient, id: string): Promise<void> {
  const chance = random();
  if (chance < 0.2) {
    await client.call('approvals.deny', { id });
    ledger.denied.add(id);
  } else if (chance < 0.95) {
    const card = await client.call('approvals.card', { id });
    const narrowing = {
      details: card.details.map(({ detail }) => detail),
      scopes: card.scopes,
      lifetime: random() < 0.2 ? ('once' as const) : ('1h' as const),
    };
    const { grantedDigest } = await client.call('approvals.preview', { id, narrowing });
    const decision = { id, cardVersion: card.version, askedDigest: card.askedDigest, grantedDigest, narrowing };
    const named = card.agent.isNew ? { agentName: `Agent ${card.agent.id.slice(-8)}` } : {};
    const { grantId } = await client.call('approvals.approve', { ...decision, ...named }, testPassphrase);
    ledger.approved.set(id, grantId);
    ledger.agents.set(card.agent.id, ledger.agents.get(card.agent.id) ?? 'accepted');
  }
}

async function revokeOne({ ledger, random }: Actor, client: ContractClient): Promise<void> {
  const { grants } = await client.call('grants.list', {});
  const live = grants.filter((grant) => grant.live);
  const chosen = live[Math.floor(random() * live.length)];
  if (chosen === undefined) return;
  await client.call('grants.revoke', { ids: [chosen.id] });
  ledger.revoked.add(chosen.id);
}

async function suspendOne({ ledger, random }: Actor, client: ContractClient): Promise<void> {
  const known = [...ledger.agents].filter(([, state]) => state === 'accepted').map(([id]) => id);
  const id = known[Math.floor(random() * known.length)];
  if (id === undefined) return;
  // Until the core has said so, either may be.
  ledger.agents.delete(id);
  await client.call('agents.suspend', { id });
  ledger.agents.set(id, 'suspended');
  if (random() < 0.7) await resume(ledger, client, id);
}

async function resumeAll({ ledger }: Actor, client: ContractClient): Promise<void> {
  const { agents } = await client.call('agents.list', {});
  for (const { id, state } of agents) if (state === 'suspended') await resume(ledger, client, id);
}

async function resume(ledger: Ledger, client: ContractClient, id: string): Promise<void> {
  ledger.agents.delete(id);
  await client.call('agents.resume', { id }, testPassphrase);
  ledger.agents.set(id, 'accepted');
}

async function readLog({ ledger }: Actor, client: ContractClient): Promise<void> {
  const { entries } = await client.call('audit.list', { limit: 50 });
  for (const { seq, hash } of entries) ledger.read.set(seq, hash);
}

/** A race between two who both may: who came second is told so. */
async function refusalsAreFine(task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof RefusedError) || error.refusal.code === 'internal') throw error;
  }
}

function notAnError({ ledger, isOver }: Actor, what: string, { status, body }: Pick<Answer, 'status' | 'body'>): void {
  if (status >= 500 && status !== 503 && !isOver()) ledger.surprises.push(`${what}: ${status} ${JSON.stringify(body)}`);
}

/** Works until the core is gone. Whatever else ends the work is thrown. */
export async function untilGone({ isOver }: Actor, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isNetwork = error instanceof TypeError || error instanceof Gone || error instanceof SyntaxError;
    if (!isNetwork || !isOver()) throw error;
  }
}

/** Who asks again at once takes the machine from the core. */
const pauseMs = 20;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pauseMs));
