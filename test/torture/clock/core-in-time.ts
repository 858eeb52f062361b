/**
 * A whole core on a machine whose clock is set, that sleeps and restarts, with a ledger of the time that really passed. What is
 * made is remembered with the real instant at which it must be over.
 */
import { randomUUID } from 'node:crypto';
import { Payloads } from '../../../src/authserver/payloads.ts';
import { instantOf } from '../../../src/base/clock.ts';
import { isRefusal } from '../../../src/base/errors.ts';
import type { AgentId, ApprovalId, GrantId } from '../../../src/base/ids.ts';
import { asId, hashOf, newId } from '../../../src/base/ids.ts';
import { limits } from '../../../src/base/limits.ts';
import { Secret } from '../../../src/base/secret.ts';
import type { Core } from '../../../src/core.ts';
import { createCore, scryptCostOption } from '../../../src/core.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { proofFor, type SigningKey } from '../../authserver/support/stock-agent.ts';
import { accounts } from '../../details/samples.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { evidenceOf, memoryPlatform } from '../../support/memory-platform.ts';
import { testPassphrase, testScryptCost } from '../../support/open-keep.ts';

interface Made<Id> {
  readonly id: Id;
  /** In real time. */
  readonly endsAt: number;
  seenOver: boolean;
}

interface Token extends Made<string> {
  readonly grantId: GrantId;
}

export interface CoreInTime {
  run(milliseconds: number): Promise<void>;
  sleep(milliseconds: number): void;
  set(milliseconds: number): void;
  /** Stops, is off for a while, and starts with a clock that is right, ahead, or behind what it was at the stop. */
  restart(offMs: number, clock: 'right' | 'ahead' | 'behind'): Promise<void>;
  lockAndUnlock(): Promise<void>;
  grant(lifeMs: number): void;
  ask(lifeMs: number): void;
  token(): void;
  nonce(): Promise<void>;
  /** Sends every proof so far once more, and a new one with each nonce; asks after every grant, request and token. */
  findLate(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Between two looks the clock may stand still for a whole schedule, so what is sent in a minute tells nothing here. */
for (const name of ['strangers', 'strangers-of-program', 'failed-proofs'] as const) {
  Object.assign(limits[name], { quota: Number.POSITIVE_INFINITY });
}

const nonceLifeMs = 60_000;
const tokenLifeMs = 300_000;

export async function openCoreInTime(key: SigningKey): Promise<CoreInTime> {
  const clock = createFakeClock();
  const platform = memoryPlatform({ clock });
  const store = openStore({ file: ':memory:' });
  const grants: Made<GrantId>[] = [];
  const asked: Made<ApprovalId>[] = [];
  const tokens: Token[] = [];
  const nonces: Made<string>[] = [];
  const accepted: string[] = [];
  let real = 0;
  let core = await start();
  await core.vault.create(Secret.fromText(testPassphrase));
  await clock.advance(0);
  core.connections.add('demo');
  const agentId = acceptedAgent(core, key);

  function start(): Promise<Core> {
    const config = { agentPort: 0, version: 'test', openWindow: () => {}, quit: () => {}, [scryptCostOption]: testScryptCost };
    return createCore(platform, store, config);
  }

  const call = async (token: string, proof: string): Promise<string> => {
    const response = await fetch(`${core.issuer}/proxy/demo/accounts`, {
      headers: { authorization: `DPoP ${token}`, DPoP: proof },
    });
    return ((await response.json()) as { readonly code?: string }).code ?? '';
  };
  const freshNonce = async (): Promise<string> =>
    (await fetch(`${core.issuer}/proxy/demo/accounts`, { headers: { authorization: 'DPoP none' } })).headers.get('dpop-nonce') ??
    '';
  /** A proof that is right but for its nonce, as late as it may be. */
  const proofWith = (nonce: string, token: string, more = {}): string =>
    proofFor(key, {
      htm: 'GET',
      htu: `${core.issuer}/proxy/demo/accounts`,
      iat: Math.floor(clock.now() / 1000),
      ath: hashOf(token),
      nonce,
      ...more,
    });

  const lateGrants = (): readonly string[] =>
    grants.flatMap((grant) => {
      const live = isLive(core, grant.id);
      const late = live && (real >= grant.endsAt || grant.seenOver) ? [`${grant.id} lives ${real - grant.endsAt} ms too long`] : [];
      grant.seenOver ||= !live;
      return late;
    });
  const lateRequests = (): readonly string[] =>
    asked.flatMap((one) => {
      const waits = core.approvals.listPending().some(({ id }) => id === one.id);
      const late = waits && (real >= one.endsAt || one.seenOver) ? [`${one.id} waits ${real - one.endsAt} ms too long`] : [];
      one.seenOver ||= !waits;
      return late;
    });
  const lateTokens = async (): Promise<readonly string[]> => {
    const late: string[] = [];
    for (const token of tokens) {
      const answer = await call(token.id, proofWith(await freshNonce(), token.id));
      if (answer === 'proof_invalid') continue;
      const over = ['token_invalid', 'grant_expired', 'grant_revoked', 'state_gap'].includes(answer);
      if (!over && (real >= token.endsAt || token.seenOver))
        late.push(`a token is taken ${real - token.endsAt} ms too long: ${answer}`);
      token.seenOver ||= over;
    }
    return late;
  };
  const lateProofs = async (): Promise<readonly string[]> => {
    const late: string[] = [];
    for (const nonce of nonces) {
      const proof = proofWith(nonce.id, 'made-up');
      const answer = await call('made-up', proof);
      const taken = answer === 'token_invalid';
      if (taken && (real >= nonce.endsAt || nonce.seenOver)) late.push(`a nonce is taken ${real - nonce.endsAt} ms too long`);
      nonce.seenOver ||= answer === 'nonce_required';
      if (taken) accepted.push(proof);
    }
    for (const proof of accepted) if ((await call('made-up', proof)) === 'token_invalid') late.push('a proof was taken twice');
    return late;
  };

  return {
    async run(milliseconds) {
      real += milliseconds;
      await clock.advance(milliseconds);
    },
    sleep(milliseconds) {
      real += milliseconds;
      clock.set(clock.now() + milliseconds);
    },
    set: (milliseconds) => clock.set(clock.now() + milliseconds),
    async restart(offMs, state) {
      await core.stop();
      const stoppedAt = clock.now();
      real += offMs;
      const behind = Math.max(0, stoppedAt - offMs - 5_000);
      clock.set({ right: stoppedAt + offMs, ahead: stoppedAt + 2 * offMs, behind }[state]);
      core = await start();
      await core.vault.unlock(Secret.fromText(testPassphrase));
      await clock.advance(0);
    },
    async lockAndUnlock() {
      core.vault.lock();
      await core.vault.unlock(Secret.fromText(testPassphrase));
      await clock.advance(0);
    },
    grant(lifeMs) {
      const id = newId<GrantId>('grant');
      // What the core calls now, as an approval would: the machine's clock may be behind it.
      const { change, events } = core.grants.createStep(
        grantOf(id, agentId, { agentJkt: key.thumbprint, expiresAt: nowOf(core) + lifeMs }),
      );
      core.audit.commit(change, events);
      grants.push({ id, endsAt: real + lifeMs, seenOver: false });
    },
    ask(lifeMs) {
      const { id } = core.approvals.open({
        agentId,
        resourceId: asId('demo'),
        details: [accounts],
        scopes: ['accounts'],
        authReqHash: randomUUID(),
        expiresAt: nowOf(core) + lifeMs,
        evidence: evidenceOf(),
      });
      asked.push({ id, endsAt: real + lifeMs, seenOver: false });
    },
    token() {
      const grant = grants.find(({ id }) => isLive(core, id));
      if (grant === undefined) return;
      const id = randomUUID();
      const payloads = new Payloads({ store, vault: core.vault, audit: core.audit, clock });
      const payload = {
        grantId: grant.id,
        clientId: agentId,
        jkt: key.thumbprint,
        // As the library: by the clock of the machine.
        exp: Math.floor(clock.now() / 1000) + tokenLifeMs / 1000,
        aud: `${core.issuer}/proxy/demo`,
      };
      payloads.insert({ model: 'AccessToken', id, payload });
      tokens.push({ id, grantId: grant.id, endsAt: Math.min(real + tokenLifeMs, grant.endsAt), seenOver: false });
    },
    async nonce() {
      nonces.push({ id: await freshNonce(), endsAt: real + nonceLifeMs, seenOver: false });
    },
    async findLate() {
      return [...lateGrants(), ...lateRequests(), ...(await lateTokens()), ...(await lateProofs())];
    },
    async stop() {
      await core.stop();
      store.close();
    },
  };
}

/** The core's own time, as its log tells it: the machine's clock may be behind it. */
function nowOf(core: Core): number {
  core.audit.record({ event: 'audit.verified' });
  return instantOf(core.audit.list({ limit: 1 })[0]?.ts ?? '');
}

function isLive(core: Core, id: GrantId): boolean {
  try {
    core.grants.getLive(id);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

function acceptedAgent(core: Core, key: SigningKey): AgentId {
  const id = newId<AgentId>('agent');
  const metadata = { jwks: { keys: [key.jwk] } };
  core.agents.register({ id, claimedName: 'Helper', keyThumbprint: key.thumbprint, registrationEvidence: evidenceOf(), metadata });
  const { change, events } = core.agents.acceptStep(id, 'Helper');
  core.audit.commit(change, events);
  return id;
}

type NewGrant = Parameters<Core['grants']['createStep']>[0];

function grantOf(id: GrantId, agentId: AgentId, more: Pick<NewGrant, 'expiresAt'> & { readonly agentJkt: string }): NewGrant {
  return {
    id,
    agentId,
    connectionId: asId('conn_bank'),
    resourceId: asId('demo'),
    approvalId: newId('approval'),
    receiptId: newId('receipt'),
    details: [accounts],
    scopes: ['accounts'],
    risk: 'low',
    sentence: [{ text: 'Read the list of accounts' }],
    evidence: {},
    ...more,
  };
}
