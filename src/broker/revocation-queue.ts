import type { Audit } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import { isRefusal } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Secret } from '../base/secret.ts';
import type { Connections } from '../connections/connections.ts';
import type { Vault } from '../vault/vault.ts';
import type { UpstreamTokenRow, UpstreamTokens } from './upstream-tokens.ts';

interface RevocationQueueDeps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly log: Log;
  readonly vault: Vault;
  readonly connections: Connections;
  readonly tokens: UpstreamTokens;
}

/** Milliseconds between attempts at one token; the last one repeats. */
const pausesMs = [1_000, 3_000, 10_000, 30_000, 60_000];

/** Works off what is due: revokes (RFC 7009) until the provider says yes or the token has ended by its time. */
export class RevocationQueue {
  readonly #deps: RevocationQueueDeps;
  #running: Promise<void> | undefined;

  constructor(deps: RevocationQueueDeps) {
    this.#deps = deps;
  }

  /** Resolves when nothing is due. */
  async run(): Promise<void> {
    // Somebody may have queued more after the running pass looked.
    while (this.#running) await this.#running;
    this.#running = this.#pass().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #pass(): Promise<void> {
    const seen = new Set<string>();
    while (this.#deps.vault.state() === 'unlocked') {
      const due = this.#deps.tokens.due().filter(({ id }) => !seen.has(id));
      if (due.length === 0) return;
      for (const { id } of due) {
        seen.add(id);
        await this.#handle(id).catch((error: unknown) =>
          this.#deps.log.error({ token: id, error: String(error) }, 'upstream token'),
        );
      }
    }
  }

  async #handle(id: string): Promise<void> {
    const row = this.#deps.tokens.find(id);
    if (!row || this.#deps.vault.state() !== 'unlocked') return;
    const ended = row.value.expiresAt <= this.#deps.clock.now();
    if (row.value.state === 'live') {
      if (ended) this.#deps.tokens.remove(row);
      return;
    }
    if (ended)
      this.#deps.tokens.finish(row, [{ ...subjectOf(row), event: 'upstream.revoked', outcome: 'ok', reason: 'ended by its time' }]);
    else if (row.value.state === 'revoking') await this.#revoke(row);
  }

  async #revoke(row: UpstreamTokenRow): Promise<void> {
    const { connections, tokens } = this.#deps;
    let token: Secret | undefined;
    try {
      token = tokens.open(row);
      await connections.revoke(row.value.connectionId, token);
      this.#update(row, (now) => tokens.finish(now, [{ ...subjectOf(row), event: 'upstream.revoked', outcome: 'ok' }]));
    } catch (error) {
      this.#update(row, (now) => this.#postpone(now, error));
    } finally {
      token?.destroy();
    }
  }

  /** What is written after waiting is written to the row as it is then. */
  #update(row: UpstreamTokenRow, change: (row: UpstreamTokenRow) => void): void {
    const now = this.#deps.vault.state() === 'unlocked' ? this.#deps.tokens.find(row.id) : undefined;
    if (now?.value.state !== 'revoking') return;
    change(now);
    // What the provider said is shown beside the grant.
    this.#deps.changes.publish({ topic: 'grants' });
  }

  #postpone(row: UpstreamTokenRow, error: unknown): void {
    const failed = { ...subjectOf(row), event: 'upstream.revoke_failed', outcome: 'error' } as const;
    const { clock, tokens } = this.#deps;
    if (isRefusal(error, 'upstream_refused', 'not_found')) {
      tokens.change(row, { state: 'refused', dueAt: row.value.expiresAt }, [{ ...failed, reason: error.code }]);
      return;
    }
    const attempts = row.value.attempts + 1;
    const pause = pausesMs[Math.min(attempts, pausesMs.length) - 1] ?? 0;
    const dueAt = Math.min(clock.now() + pause, row.value.expiresAt);
    const reason = isRefusal(error) ? error.code : 'internal';
    tokens.change(row, { attempts, dueAt }, [{ ...failed, reason, facts: { attempt: attempts } }]);
  }
}

function subjectOf({ value: { grantId, connectionId, agentId, hash } }: UpstreamTokenRow) {
  return { grantId, connectionId, agentId, hashes: { token: hash } };
}
