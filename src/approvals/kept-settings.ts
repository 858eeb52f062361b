import { isRefusal, Refusal } from '../base/errors.ts';
import type { GuardedTable } from '../vault/vault.ts';
import type { ApprovalSettings, ApprovalsDeps } from './approvals.ts';
import { approvalSettingsId, settingsTable } from './approvals-table.ts';

const off: ApprovalSettings = { approveLowRiskOnNotification: false };

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
      return this.#table.find(approvalSettingsId)?.value ?? off;
    } catch (error) {
      if (isRefusal(error, 'row_tampered')) return off;
      throw error;
    }
  }

  /** Refuses `vault_locked`. */
  change({ approveLowRiskOnNotification }: ApprovalSettings): void {
    if (this.#deps.vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'Unlock Counterfoil first.');
    const row = this.#table.find(approvalSettingsId);
    const wanted: ApprovalSettings = { approveLowRiskOnNotification };
    const change = row ? this.#table.update(row, wanted) : this.#table.insert(approvalSettingsId, wanted);
    this.#deps.audit.commit([change], [{ event: 'settings.changed', approver: 'user', facts: { ...wanted } }]);
    this.#deps.changes.publish({ topic: 'settings' });
  }

  /** At unlock. `true` when the row is not used because it was changed outside. */
  isDamaged(): boolean {
    return this.#table.adopt().refused.length > 0 || this.#table.tampered().length > 0;
  }
}
