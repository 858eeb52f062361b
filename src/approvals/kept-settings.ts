import { isRefusal, Refusal } from '../base/errors.ts';
import type { GuardedTable } from '../vault/vault.ts';
import type { ApprovalSettings, ApprovalsDeps } from './approvals.ts';
import { approvalSettingsId, settingsTable } from './approvals-table.ts';

const off: ApprovalSettings = { approveLowRiskOnNotification: false, acceptUnknownTypes: false };

/** What the person chose about answering; off where it cannot be told. */
export class KeptSettings {
  readonly #deps: ApprovalsDeps;
  readonly #table: GuardedTable<ApprovalSettings>;

  constructor(deps: ApprovalsDeps) {
    this.#deps = deps;
    this.#table = settingsTable(deps);
  }

  read(): ApprovalSettings {
    try {
      return { ...off, ...this.#table.find(approvalSettingsId)?.value };
    } catch (error) {
      if (isRefusal(error, 'row_tampered')) return off;
      throw error;
    }
  }

  /** Refuses `vault_locked`. */
  change(wanted: Partial<ApprovalSettings>): void {
    if (this.#deps.vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'Unlock Counterfoil first.');
    const row = this.#table.find(approvalSettingsId);
    const next: ApprovalSettings = { ...off, ...row?.value, ...wanted };
    const change = row ? this.#table.update(row, next) : this.#table.insert(approvalSettingsId, next);
    this.#deps.audit.commit([change], [{ event: 'settings.changed', approver: 'user', facts: { ...next } }]);
    this.#deps.changes.publish({ topic: 'settings' });
  }

  /** At unlock. `true` when the row is not used because it was changed outside. */
  isDamaged(): boolean {
    return this.#table.adopt().refused.length > 0 || this.#table.tampered().length > 0;
  }
}
