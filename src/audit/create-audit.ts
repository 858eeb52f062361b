import { isoInstant } from '../base/clock.ts';
import type { Durability, Statement } from '../store/store.ts';
import type { Audit, AuditDeps, AuditEntry, AuditEvent, AuditQuery, AuditVerification } from './audit.ts';
import { type AuditRow, toEntry } from './audit-row.ts';
import { entryHash, entryText, genesisHash, wellFormed } from './chain.ts';
import { selectEntries } from './search-entries.ts';
import { verifyChain } from './verify-chain.ts';

/** The audit log over the `audit` table of `store`. */
export function createAudit(deps: AuditDeps): Audit {
  return new ChainedAudit(deps);
}

interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** The head is compared again inside the transaction: a second writer loses, and the chain cannot fork. */
const insertSql = `INSERT INTO audit (seq, ts, event, agent_id, approval_id, grant_id, entry, previous_hash, hash)
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?
WHERE (SELECT coalesce(max(seq), 0) FROM audit) = ?
  AND coalesce((SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), '${genesisHash}') = ?`;

/** More entries than one start of the program finds or writes. What stands further on was not written by us. */
const mostAtStart = 2 ** 40;
const mostAhead = 2 ** 20;

class ChainedAudit implements Audit {
  readonly #deps: AuditDeps;
  /** The highest number that this run has seen and believed. */
  #highest: number | undefined;

  constructor(deps: AuditDeps) {
    this.#deps = deps;
  }

  commit(change: readonly Statement[], events: readonly AuditEvent[], durability?: Durability): void {
    const { store, changes } = this.#deps;
    store.commit([...change, ...this.#appendAll(events, unsignedRows(change))], durability);
    if (events.length > 0) changes.publish({ topic: 'audit' });
  }

  record(...events: readonly AuditEvent[]): void {
    this.commit([], events);
  }

  list(query: AuditQuery): readonly AuditEntry[] {
    const { sql, values } = selectEntries(query);
    return this.#deps.store.all<AuditRow>(sql, ...values).map(toEntry);
  }

  verify(): AuditVerification {
    return verifyChain(this.#deps.store);
  }

  #appendAll(events: readonly AuditEvent[], rows: readonly string[]): readonly Statement[] {
    if (events.length === 0) return [];
    const { head, planted } = this.#newest();
    const ts = isoInstant(this.#deps.clock.now());
    const statements: Statement[] = [...planted];
    let last = head;
    const [first, ...others] = planted.length > 0 ? [plantedEvent, ...events] : events;
    for (const event of [rows.length > 0 ? { ...first, rows } : first, ...others]) {
      const appended = append(last, ts, event as AuditEvent);
      last = appended.head;
      statements.push(appended.statement);
    }
    return statements;
  }

  /**
   * What the next entry follows. An entry with a number that no log reaches would leave no number for ours, and no change without its
   * entry: it goes, and the log says so. Any other that somebody planted stays for {@link verify} to find.
   */
  #newest(): { readonly head: Head; readonly planted: readonly Statement[] } {
    const { store } = this.#deps;
    const most = (this.#highest ?? mostAtStart) + mostAhead;
    const newest = store.first<Head>('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1');
    const isPlanted = newest !== undefined && newest.seq > most;
    const believed = isPlanted
      ? store.first<Head>('SELECT seq, hash FROM audit WHERE seq <= ? ORDER BY seq DESC LIMIT 1', most)
      : newest;
    const head = believed ?? { seq: 0, hash: genesisHash };
    this.#highest = Math.max(this.#highest ?? 0, head.seq);
    return { head, planted: isPlanted ? [{ sql: 'DELETE FROM audit WHERE seq > ?', values: [most] }] : [] };
  }
}

/** Rows that this change writes or removes while the vault is locked, so without MAC. */
function unsignedRows(change: readonly Statement[]): readonly string[] {
  return change.flatMap(({ mark }) => {
    const isUnsigned = (mark?.kind === 'row' && mark.mac === undefined) || (mark?.kind === 'removed' && mark.whileLocked === true);
    return isUnsigned ? [`${mark.table} ${mark.id}`] : [];
  });
}

const plantedEvent: AuditEvent = { event: 'row.tampered', outcome: 'error', reason: 'entries of this log that nobody wrote here' };

function append(previous: Head, ts: string, event: AuditEvent): { readonly head: Head; readonly statement: Statement } {
  const seq = previous.seq + 1;
  const entry = entryText({ ...wellFormed(event), seq, ts });
  const hash = entryHash(previous.hash, entry);
  return {
    head: { seq, hash },
    statement: {
      sql: insertSql,
      values: [
        seq,
        ts,
        event.event,
        event.agentId ?? null,
        event.approvalId ?? null,
        event.grantId ?? null,
        entry,
        previous.hash,
        hash,
        previous.seq,
        previous.hash,
      ],
      mustChangeOne: true,
      mark: { kind: 'entry', seq, hash, event: event.event },
    },
  };
}
