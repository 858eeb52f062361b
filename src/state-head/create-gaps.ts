import { isRefusal, Refusal } from '../base/errors.ts';
import { type GuardedTable, guardedTable } from '../vault/vault.ts';
import type { Finding, Gap, Gaps, GapsDeps } from './state-head.ts';

/** The open question over the `settings` table of `store`. */
export function createGaps(deps: GapsDeps): Gaps {
  return new GuardedGaps(deps);
}

const gapId = 'state-gap';

/** `open` false: it was answered. The row stays, so that deleting it is found like any other. */
interface GapRow extends Gap {
  readonly open: boolean;
}

class GuardedGaps implements Gaps {
  readonly #deps: GapsDeps;
  readonly #table: GuardedTable<GapRow>;
  /** Read at unlock, so that asking costs nothing on the way of a call. */
  #gap: Gap | undefined;
  #known = false;

  constructor(deps: GapsDeps) {
    this.#deps = deps;
    this.#table = guardedTable(deps, { name: 'settings', schema: 1, columns: () => ({}), ids: [gapId] });
    deps.vault.onUnlock(() => this.#ask());
    deps.vault.onLock(() => {
      this.#gap = undefined;
      this.#known = false;
    });
  }

  open(): Gap | undefined {
    return this.#gap;
  }

  assertNone(): void {
    if (this.#deps.vault.state() === 'unlocked' && !this.#known) {
      throw new Refusal('vault_locked', 'The vault is being opened.', { retryAfterSeconds: 1 });
    }
    // security: rule 8
    if (this.#gap !== undefined) throw suspended();
  }

  close(answer: Parameters<Gaps['close']>[0]): void {
    const gap = this.#gap;
    const row = this.#table.find(gapId);
    if (gap === undefined || row === undefined) throw new Refusal('conflict', 'There is no open question.');
    this.#deps.audit.commit(
      [this.#table.update(row, { ...gap, open: false })],
      [{ event: 'state.gap_answered', approver: 'user', outcome: 'ok', facts: answer }],
    );
    this.#gap = undefined;
    this.#deps.changes.publish({ topic: 'settings' });
  }

  async #ask(): Promise<void> {
    this.#known = false;
    await this.#deps.stateHead.check((findings) => {
      // A question that cannot be read was not answered.
      const isUnreadable = this.#row() === 'damaged';
      const unreadable: readonly Finding[] = isUnreadable ? [{ kind: 'row_put_back', table: 'settings', id: gapId }] : [];
      if (findings.length + unreadable.length > 0) this.#record(findings.length > 0 ? findings : unreadable);
    });
    const kept = this.#table.find(gapId)?.value;
    this.#gap = kept?.open === true ? kept : undefined;
    this.#known = true;
  }

  #record(findings: readonly Finding[]): void {
    const { audit, clock, changes } = this.#deps;
    const row = this.#row();
    const before = typeof row === 'object' && row.value.open ? row.value : undefined;
    const gap: GapRow = {
      open: true,
      foundAt: before?.foundAt ?? clock.now(),
      findings: [...(before?.findings ?? []), ...findings].slice(0, findingsAtMost),
    };
    const change =
      typeof row === 'object'
        ? [this.#table.update(row, gap)]
        : [{ sql: 'DELETE FROM settings WHERE id = ?', values: [gapId] }, this.#table.insert(gapId, gap)];
    const kinds = new Set(findings.map(({ kind }) => kind));
    audit.commit(change, [
      { event: 'state.gap_found', outcome: 'error', reason: [...kinds].join(' '), facts: { findings: findings.length } },
    ]);
    changes.publish({ topic: 'settings' });
  }

  /** A row that is not ours, or older than it was in this run, is replaced when something is recorded. */
  #row(): ReturnType<GuardedTable<GapRow>['find']> | 'damaged' {
    try {
      return this.#table.find(gapId);
    } catch (error) {
      if (!isRefusal(error, 'row_tampered')) throw error;
      return 'damaged';
    }
  }
}

const findingsAtMost = 500;

function suspended(): Refusal {
  return new Refusal(
    'state_gap',
    'The data of this program is not what it was. Every grant stands still until the person has answered.',
    {
      hint: 'Ask the person to look at Counterfoil.',
      retryAfterSeconds: 60,
    },
  );
}
