/**
 * Tells an agent that asked for it that its request is decided (CIBA Core 1.0, section 10.2): yes, no, expired and withdrawn alike. A
 * ping carries no verdict; the agent learns it at the token endpoint, where it may poll all the same.
 *
 * What a ping needs, the raw `auth_req_id` and the agent's notification token, rests only sealed to the vault's public key
 * (`Vault.box`), so it is on disk before the request is answered, locked or not, and readable by nobody until the vault is open. This
 * run keeps both in memory besides, or an answer given while locked could not be told; after a restart such a ping waits for the unlock.
 *
 * Must never: go anywhere but to a literal loopback address that is no port of ours, follow a redirect, read an answer, or go to an
 * agent that the person has not accepted. Such an agent may be in a container or of another user, and would use us to reach what
 * listens for this user only; the yes that it is pinged for is its acceptance.
 */
import type { Agents } from '../agents/agents.ts';
import type { Approval, Approvals } from '../approvals/approvals.ts';
import type { Audit } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import { hashOf } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { Secret } from '../base/secret.ts';
import type { Store } from '../store/store.ts';
import type { SealContext, Vault } from '../vault/vault.ts';
import { type NotificationEndpoint, parseNotificationEndpoint } from './notification-endpoint.ts';
import { lateMs } from './payloads.ts';
import { PingsTable } from './pings-table.ts';
import { type PingOutcome, type PingSecrets, sendPing } from './send-ping.ts';

export interface PingsDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly log: Log;
  readonly agents: Agents;
  readonly approvals: Approvals;
}

/** One ping that an agent asked for. */
export interface AskedPing {
  readonly authReqId: string;
  /** `client_notification_token`, written by the agent. */
  readonly token: string;
  /** Absolute: end of the request. */
  readonly expiresAt: number;
}

/** Waits before each further try. */
const retryAfterMs = [2_000, 10_000, 30_000];

export class Pings {
  readonly #deps: PingsDeps;
  readonly #table: PingsTable;
  /** By the hash of `auth_req_id`. */
  readonly #secrets = new Map<string, PingSecrets & { readonly until: number }>();
  /** Pings that are on their way or wait for their next try, with how to end that. */
  readonly #underWay = new Map<string, AbortController>();
  readonly #unsubscribe: () => void;

  constructor(deps: PingsDeps) {
    this.#deps = deps;
    this.#table = new PingsTable(deps.store);
    deps.vault.onUnlock(() => this.#sendDue(this.#table.ids()));
    this.#unsubscribe = deps.changes.subscribe(({ topic, id }) => {
      if (topic === 'approvals') this.#sendDue(id === undefined ? this.#secrets.keys() : this.#idsOf(id));
    });
  }

  /** On disk before it returns, if this vault can seal. */
  keep({ authReqId, token, expiresAt }: AskedPing): void {
    const id = hashOf(authReqId);
    const until = expiresAt + lateMs;
    const boxed = this.#deps.vault.box(contextOf(id), Buffer.from(JSON.stringify([authReqId, token])));
    if (boxed !== undefined) this.#deps.audit.commit([this.#table.insert({ id, boxed }, until)], []);
    this.#secrets.set(id, { authReqId: Secret.fromText(authReqId), token: Secret.fromText(token), until });
  }

  /** The request came to nothing, or goes by another id. */
  forget(authReqHash: string): void {
    this.#deps.audit.commit([this.#table.remove(authReqHash)], []);
    this.#drop(authReqHash);
  }

  sweep(): void {
    const now = this.#deps.clock.now();
    for (const [id, { until }] of this.#secrets) if (until <= now) this.#drop(id);
    if (this.#table.hasOver(now)) this.#deps.audit.commit([this.#table.removeOver(now)], []);
  }

  stop(): void {
    this.#unsubscribe();
    for (const id of [...this.#secrets.keys(), ...this.#underWay.keys()]) this.#drop(id);
  }

  #idsOf(approvalId: string): readonly string[] {
    const approval = this.#deps.approvals.find(approvalId as Approval['id']);
    return approval === undefined ? [] : [approval.authReqHash];
  }

  #sendDue(ids: Iterable<string>): void {
    for (const id of [...ids]) {
      try {
        const approval = this.#deps.approvals.findByRequest(id);
        if (approval !== undefined && approval.state !== 'pending') this.#begin(approval);
      } catch (error) {
        // A row that does not verify was reported; its agent polls.
        if (!isRefusal(error)) throw error;
      }
    }
  }

  #begin(approval: Approval): void {
    const id = approval.authReqHash;
    if (this.#underWay.has(id)) return;
    const secrets = this.#secretsOf(id);
    if (secrets === undefined) return;
    const ending = new AbortController();
    this.#underWay.set(id, ending);
    this.#deliver(approval, secrets, ending.signal).catch((error: unknown) => {
      this.#underWay.delete(id);
      this.#deps.log.error({ error: String(error) }, 'a ping could not be written down');
    });
  }

  #secretsOf(id: string): PingSecrets | undefined {
    const kept = this.#secrets.get(id);
    if (kept !== undefined) return kept;
    const { vault } = this.#deps;
    const row = vault.state() === 'unlocked' ? this.#table.find(id) : undefined;
    if (row === undefined) return undefined;
    try {
      return vault.unbox(contextOf(id), row.boxed, (bytes) => parseSecrets(bytes, id));
    } catch (error) {
      if (!isRefusal(error, 'row_tampered')) throw error;
      this.#deps.audit.commit(
        [this.#table.remove(id)],
        [{ event: 'row.tampered', reason: 'ping', outcome: 'error', hashes: { row: id } }],
      );
      return undefined;
    }
  }

  async #deliver(approval: Approval, secrets: PingSecrets, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const endpoint = this.#endpointOf(approval);
      const outcome = endpoint === undefined ? 'refused' : await sendPing(endpoint, secrets, { clock: this.#deps.clock, signal });
      if (signal.aborted) return;
      const wait = retryAfterMs[tries - 1];
      if (outcome !== 'failed' || wait === undefined) {
        this.#settle(approval, outcome, endpoint === undefined ? 0 : tries);
        return;
      }
      await this.#pause(wait, signal);
      if (signal.aborted) return;
    }
  }

  /** Where to, as registered; nowhere for an agent that the person has not accepted. */
  #endpointOf({ agentId }: Approval): NotificationEndpoint | undefined {
    const agent = this.#deps.agents.find(agentId);
    // security: nobody but an accepted agent makes us send anything
    return agent?.state === 'accepted' ? parseNotificationEndpoint(agent.metadata['ping_endpoint']) : undefined;
  }

  #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(milliseconds, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  #settle(approval: Approval, outcome: PingOutcome, tries: number): void {
    const { agentId, id: approvalId, authReqHash } = approval;
    const isTaken = outcome === 'taken';
    const event = { event: isTaken ? 'ping.sent' : 'ping.failed', agentId, approvalId, outcome: isTaken ? 'ok' : 'error' } as const;
    this.#deps.audit.commit([this.#table.remove(authReqHash)], [{ ...event, facts: { tries } }]);
    this.#drop(authReqHash);
  }

  #drop(id: string): void {
    this.#underWay.get(id)?.abort();
    this.#underWay.delete(id);
    const secrets = this.#secrets.get(id);
    secrets?.authReqId.destroy();
    secrets?.token.destroy();
    this.#secrets.delete(id);
  }
}

/** security: anybody can seal to the vault's public key, but only who has the id knows the text that gives this hash */
function parseSecrets(bytes: Buffer, id: string): PingSecrets {
  const [authReqId, token] = JSON.parse(bytes.toString('utf8')) as [string, string];
  if (hashOf(authReqId) !== id) throw new Refusal('row_tampered', 'A ping was changed outside this program and is not sent.');
  return { authReqId: Secret.fromText(authReqId), token: Secret.fromText(token) };
}

function contextOf(id: string): SealContext {
  return { purpose: 'pings', id };
}
