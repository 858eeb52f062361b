import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditEvent } from '../audit/audit.ts';
import type { Statement } from '../store/store.ts';
import type { GuardedRow, GuardedTable } from '../vault/vault.ts';

/** One row as it shall be. */
interface Write<Value> {
  /** What is there now. */
  readonly row: GuardedRow<Value> | undefined;
  /** `undefined`: the row goes. */
  readonly next: Value | undefined;
}

/** A token that has no row, because it speaks for itself. */
export interface SignedToken {
  readonly grantId: string;
  readonly expiresAt: number;
  readonly event: AuditEvent;
}

/** What one answer writes, held back until the answer is whole. */
export class PayloadBatch<Value> {
  readonly #writes = new Map<string, Write<Value>>();
  readonly #events: AuditEvent[] = [];
  readonly #signed: SignedToken[] = [];
  #closed = false;

  /** The row as this answer sees it, `undefined` when it has not touched it. */
  find(id: string): Write<Value> | undefined {
    return this.#writes.get(id);
  }

  put(id: string, write: Write<Value>, events: readonly AuditEvent[] = []): void {
    if (this.#closed) throw new Error('a write came after the answer that it belongs to');
    this.#writes.set(id, { ...write, row: this.#writes.get(id)?.row ?? write.row });
    this.#events.push(...events);
  }

  noteSigned(token: SignedToken): void {
    if (this.#closed) throw new Error('a token came after the answer that it belongs to');
    this.#signed.push(token);
  }

  signed(): readonly SignedToken[] {
    return this.#signed;
  }

  /** What was written so far, by row id. */
  writes(): readonly (readonly [id: string, write: Write<Value>])[] {
    return [...this.#writes];
  }

  /** Everything as one change. Compare-and-set on each row: of two answers that wrote the same row, one is committed. */
  change(table: GuardedTable<Value>): { readonly statements: readonly Statement[]; readonly events: readonly AuditEvent[] } {
    this.#closed = true;
    const statements = [...this.#writes].flatMap(([id, { row, next }]) => {
      if (next !== undefined) return row === undefined ? [table.insert(id, next)] : [table.update(row, next)];
      return row === undefined ? [] : [table.remove(row)];
    });
    return { statements, events: [...this.#events, ...this.#signed.map(({ event }) => event)] };
  }
}

/** Which answer the code that runs now belongs to: the library knows nothing of batches, and awaits between its writes. */
export class BatchScope<Value> {
  readonly #current = new AsyncLocalStorage<PayloadBatch<Value>>();

  current(): PayloadBatch<Value> | undefined {
    return this.#current.getStore();
  }

  async run(batch: PayloadBatch<Value>, task: () => Promise<void>): Promise<void> {
    await this.#current.run(batch, task);
  }
}
