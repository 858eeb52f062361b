import type { AuditEvent } from '../audit/audit.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { GrantId, ResourceId } from '../base/ids.ts';
import type { CallFacts } from '../details/details.ts';
import type { Grant, GrantEnd } from '../grants/grants.ts';
import { assertCovered, callSubject, forwardedEvent, upstreamUrl } from './authorize-call.ts';
import type { AuthorizedCall, Broker, BrokerDeps, UpstreamEnd } from './broker.ts';
import { BrokerKeys, type KeyOwner } from './broker-keys.ts';
import { CallsInFlight } from './calls-in-flight.ts';
import { type GrantCredential, GrantCredentials } from './grant-credentials.ts';
import { RevocationQueue } from './revocation-queue.ts';
import { signProof } from './sign-jwt.ts';
import { UpstreamTokens } from './upstream-tokens.ts';

/** The broker over `store`, at work from the next unlock on. */
export function createBroker(deps: BrokerDeps): Broker {
  return new GrantBroker(deps);
}

type Outcome = Parameters<AuthorizedCall['finish']>[0];

const revoked = (): Refusal => new Refusal('grant_revoked', 'The grant ended while the call was on its way.');

class GrantBroker implements Broker {
  readonly #deps: BrokerDeps;
  readonly #keys: BrokerKeys;
  readonly #tokens: UpstreamTokens;
  readonly #credentials: GrantCredentials;
  readonly #queue: RevocationQueue;
  readonly #calls = new CallsInFlight();
  /** Newest `DPoP-Nonce` by origin. */
  readonly #nonces = new Map<string, string>();
  readonly #unsubscribe: () => void;
  /** Keys being destroyed; waited for by {@link settle}. */
  readonly #destroying = new Set<Promise<void>>();
  #timer: { readonly at: number; cancel(): void } | undefined;
  /** True until everything was compared with the grants: after an unlock, and after a keychain that refused. */
  #unsure = true;
  #stopped = false;

  constructor(deps: BrokerDeps) {
    this.#deps = deps;
    this.#keys = new BrokerKeys(deps);
    this.#tokens = new UpstreamTokens(deps);
    const parts = { ...deps, keys: this.#keys, tokens: this.#tokens };
    this.#credentials = new GrantCredentials(parts);
    this.#queue = new RevocationQueue(parts);
    deps.vault.onLock(() => {
      this.#calls.cut(() => true, new Refusal('vault_locked', 'The vault was locked.'));
      this.#nonces.clear();
    });
    deps.vault.onUnlock(() => {
      this.#unsure = true;
      // Not waited for: a slow provider must not hold up the unlock.
      this.#settleSoon();
    });
    this.#unsubscribe = deps.changes.subscribe(({ topic, id }) => {
      if (topic === 'grants' && id !== undefined) this.#grantChanged(id as GrantId);
      if (topic === 'agents') this.#cutSuspended();
    });
  }

  async authorizeCall(grantId: GrantId, resourceId: ResourceId, call: CallFacts): Promise<AuthorizedCall> {
    const { agents, connections, grants } = this.#deps;
    this.#assertUnlocked();
    const grant = grants.getLive(grantId);
    agents.assertMayAct(grant.agentId);
    const resource = connections.findResource(resourceId);
    // security: rule 9, a local resource is called by the agent itself; no credential of anybody goes there
    if (!resource || resource.local !== undefined) throw new Refusal('resource_unknown', 'There is no such resource.');
    assertCovered(grant, resource, call);
    const url = upstreamUrl(resource, call);
    const credential = await this.#credentials.get(grant, resource);
    // Nothing is awaited from here on: what holds now holds when the use is on disk.
    this.#assertUnlocked();
    agents.assertMayAct(grant.agentId);
    // security: rule 28, the use is on disk before the first upstream byte
    const reserved = grants.reserveUse(grantId, [forwardedEvent(grant, call)]);
    this.#armFor(reserved);
    return this.#authorized(reserved, { url, call, credential });
  }

  revoke(id: GrantId, by: GrantEnd = 'revoked'): void {
    // The change notice releases what the grant holds; calling it again covers a grant that had ended before.
    this.#deps.grants.end(id, by);
    this.#release(id);
  }

  revokeAll(filter: Parameters<Broker['revokeAll']>[0]): readonly GrantId[] {
    const wanted = this.#deps.grants.list({
      ...(filter.agentId !== undefined && { agentId: filter.agentId as Grant['agentId'] }),
      ...(filter.connectionId !== undefined && { connectionId: filter.connectionId }),
    });
    const open = wanted.filter(({ endedAt }) => endedAt === undefined).map(({ id }) => id);
    for (const id of open) this.revoke(id);
    return open;
  }

  upstreamEnd(id: GrantId): UpstreamEnd {
    const grant = this.#deps.grants.find(id);
    const states = this.#tokens.ofGrant(id).map(({ value }) => value.state);
    if (!grant || grant.endedAt === undefined || states.length === 0) return 'none';
    if (states.some((state) => state === 'revoking' || state === 'live')) return 'pending';
    return states.includes('refused') ? 'failed' : 'confirmed';
  }

  async settle(): Promise<void> {
    if (this.#stopped || this.#deps.vault.state() !== 'unlocked') return;
    this.#sweep();
    await this.#queue.run();
    await Promise.all(this.#destroying);
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    this.#timer?.cancel();
    this.#calls.cut(() => true, new Refusal('upstream_unreachable', 'The program is being closed.'));
    await Promise.allSettled(this.#destroying);
  }

  #authorized(grant: Grant, { url, call, credential }: { url: URL; call: CallFacts; credential: GrantCredential }): AuthorizedCall {
    const flight = this.#calls.begin(grant.id, grant.agentId);
    // A copy: the shelf may forget its own while this call is on its way.
    const accessToken = credential.token.openText((text) => text);
    let finished = false;
    return {
      grant,
      url,
      signal: flight.signal,
      credentials: (given) => {
        const nonce = given ?? this.#nonces.get(url.origin);
        const claims = { method: call.method, url, accessToken, ...(nonce !== undefined && { nonce }) };
        return { authorization: `DPoP ${accessToken}`, dpop: signProof(credential.key, this.#deps.clock, claims) };
      },
      rememberNonce: (nonce) => void this.#nonces.set(url.origin, nonce),
      finish: (outcome) => {
        if (finished) return;
        finished = true;
        flight.end();
        this.#finish(grant.id, outcome);
      },
    };
  }

  #finish(id: GrantId, outcome: Outcome): void {
    const { audit, grants } = this.#deps;
    const grant = grants.find(id);
    if (!grant) return;
    if ('notSent' in outcome) {
      // A row written while locked could not be trusted afterwards: then the use stays taken.
      if (this.#deps.vault.state() !== 'unlocked') return;
      grants.returnUse(id, [
        { ...callSubject(grant), event: 'call.answered', outcome: 'error', reason: outcome.notSent, facts: { sent: false } },
      ]);
      return;
    }
    const answered = { ...callSubject(grant), event: 'call.answered' } as const;
    const told: AuditEvent =
      'failed' in outcome
        ? { ...answered, outcome: 'error', reason: outcome.failed }
        : { ...answered, outcome: outcome.status < 400 ? 'ok' : 'error', facts: { status: outcome.status } };
    // The use was taken before; waiting for the disk once more would cost each call as much as all the rest.
    audit.commit([], [told], 'process-end');
    // The provider no longer takes the token: the next call exchanges anew.
    if ('status' in outcome && outcome.status === 401) this.#dropToken(id);
    this.#endWhenUsedUp(grant);
  }

  #dropToken(id: GrantId): void {
    this.#credentials.forget(id);
    if (this.#deps.vault.state() !== 'unlocked') return;
    this.#tokens.queue(this.#tokens.ofGrant(id).filter(({ value }) => value.state === 'live'));
    this.#settleSoon();
  }

  #endWhenUsedUp({ id, endedAt, usesAllowed, usesReserved }: Grant): void {
    const spent = usesAllowed !== undefined && usesReserved >= usesAllowed;
    if (endedAt === undefined && spent && this.#calls.countOf(id) === 0) this.revoke(id, 'used_up');
  }

  /** Somebody, perhaps not us, changed the grant: when it has ended, everything it holds goes. */
  #grantChanged(id: GrantId): void {
    const grant = this.#deps.grants.find(id);
    if (grant?.endedAt !== undefined) this.#release(id);
    else if (grant) this.#armFor(grant);
  }

  #cutSuspended(): void {
    for (const agentId of this.#calls.agents()) {
      try {
        this.#deps.agents.assertMayAct(agentId);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.#calls.cut((flight) => flight.agentId === agentId, error);
      }
    }
  }

  /** Cuts the grant's calls, forgets and queues its tokens, and destroys the key when it was the agent's last here. */
  #release(id: GrantId): void {
    this.#calls.cut((flight) => flight.grantId === id, revoked());
    this.#credentials.forget(id);
    const grant = this.#deps.grants.find(id);
    if (!grant) return;
    // While locked the rows cannot be written; the sweep at unlock finds tokens of grants that ended.
    if (this.#deps.vault.state() === 'unlocked') {
      const live = this.#tokens.ofGrant(id).filter(({ value }) => value.state === 'live');
      this.#tokens.queue(live);
      if (live.length > 0) this.#settleSoon();
    }
    this.#destroyKeyAfterLast(grant);
  }

  #destroyKeyAfterLast({ connectionId, agentId }: KeyOwner): void {
    const isOpen = (id: GrantId): boolean => this.#deps.grants.find(id)?.endedAt === undefined;
    // A grant that is used up by a call on its way is over when that call is.
    const isWanted = (): boolean =>
      this.#calls.grantsOf(agentId).some(isOpen) || this.#deps.grants.list({ connectionId, agentId, live: true }).length > 0;
    if (isWanted()) return;
    const destroying = this.#keys
      .destroy({ connectionId, agentId }, isWanted)
      .catch((error: unknown) => {
        this.#deps.log.warn({ connectionId, agentId, error: String(error) }, 'broker key not destroyed yet');
        this.#unsure = true;
        this.#armAtLatest(this.#deps.clock.now() + keyRetryMs);
      })
      .finally(() => this.#destroying.delete(destroying));
    this.#destroying.add(destroying);
  }

  /** Brings everything in line with the grants, whatever happened before: a crash, a lock, a keychain that refused. */
  #sweep(): void {
    const { grants } = this.#deps;
    grants.endExpired();
    const ended = this.#tokens.inState('live').filter(({ value }) => grants.find(value.grantId)?.endedAt !== undefined);
    this.#tokens.queue(ended);
    if (!this.#unsure) return;
    this.#unsure = false;
    const all = grants.list();
    for (const grant of all) this.#endWhenUsedUp(grant);
    const owners = new Map(all.map((grant) => [`${grant.connectionId} ${grant.agentId}`, grant]));
    for (const owner of owners.values()) this.#destroyKeyAfterLast(owner);
  }

  #settleSoon(): void {
    this.settle().catch((error: unknown) => this.#deps.log.error({ error: String(error) }, 'broker could not settle'));
  }

  /** Wakes at the next end of a grant or the next attempt at a revocation. */
  #arm(): void {
    const ends = this.#deps.grants.list({ live: true }).map(({ expiresAt }) => expiresAt);
    const due = this.#tokens.nextDueAt();
    const at = Math.min(...ends, ...(due === undefined ? [] : [due]));
    const wanted = this.#unsure ? Math.min(at, this.#deps.clock.now() + keyRetryMs) : at;
    if (Number.isFinite(wanted)) this.#armAt(wanted);
  }

  #armFor({ expiresAt }: Grant): void {
    this.#armAtLatest(expiresAt);
  }

  #armAtLatest(at: number): void {
    if (this.#timer === undefined || at < this.#timer.at) this.#armAt(at);
  }

  #armAt(at: number): void {
    this.#timer?.cancel();
    if (this.#stopped) return;
    const wait = Math.min(Math.max(at - this.#deps.clock.now(), shortestWaitMs), longestTimerMs);
    const cancel = this.#deps.clock.after(wait, () => {
      this.#timer = undefined;
      this.#settleSoon();
    });
    this.#timer = { at, cancel };
  }

  #assertUnlocked(): void {
    if (this.#deps.vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'The vault is locked.');
  }
}

/** How long a keychain that refused is left alone. */
const keyRetryMs = 30_000;
/** What is overdue and cannot be done must not keep the machine busy. */
const shortestWaitMs = 1_000;
/** Node's timers hold 31 bits of milliseconds. */
const longestTimerMs = 2 ** 31 - 1;
