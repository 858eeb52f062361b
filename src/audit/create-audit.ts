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

class ChainedAudit implements Audit {
  readonly #deps: AuditDeps;

  constructor(deps: AuditDeps) {
    this.#deps = deps;
  }

  commit(change: readonly Statement[], events: readonly AuditEvent[], durability?: Durability): void {
    const { store, changes } = this.#deps;
    store.commit([...change, ...this.#appendAll(events)], durability);
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

  #appendAll(events: readonly AuditEvent[]): readonly Statement[] {
    let head = this.#head();
    const ts = isoInstant(this.#deps.clock.now());
    return events.map((event) => {
      const appended = append(head, ts, event);
      head = appended.head;
      return appended.statement;
    });
  }

  #head(): Head {
    return this.#deps.store.first<Head>('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1') ?? { seq: 0, hash: genesisHash };
  }
}

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
