import type { SqlValue, Store } from '../store/store.ts';
import type { GuardedTable, Vault } from '../vault/vault.ts';
import { guardedTable } from '../vault/vault.ts';
import type { Agent } from './agents.ts';
import { receivedWhileLocked } from './received-while-locked.ts';

/** The `agents` table. Removed agents stay in it, because grants and events name them. */
export function agentsTable(deps: { readonly store: Store; readonly vault: Vault }): GuardedTable<Agent> {
  return guardedTable<Agent>(deps, {
    name: 'agents',
    schema: 1,
    columns: (agent): Readonly<Record<string, SqlValue>> => ({ state: agent.state, registered_at: agent.registeredAt }),
    // security: an acceptance that the vault did not see is none, whatever the row says
    harmlessWhileLocked: (agent) => agent.state !== 'accepted' && agent.name === undefined && agent.acceptedAt === undefined,
    // security: rule 20, facts that had no MAC are not evidence
    whenAdopted: (agent) => ({ ...agent, registrationEvidence: receivedWhileLocked }),
  });
}

/** Whether all agents are paused: one row of the `settings` table. */
export interface AgentSettings {
  readonly paused: boolean;
}

export const agentSettingsId = 'agents';

/** The `settings` table as far as it is ours: the row `agents`. */
export function agentSettingsTable(deps: { readonly store: Store; readonly vault: Vault }): GuardedTable<AgentSettings> {
  return guardedTable<AgentSettings>(deps, {
    name: 'settings',
    schema: 1,
    columns: () => ({}),
    ids: [agentSettingsId],
    // security: rule 3, exactly a pause and nothing else
    harmlessWhileLocked: (settings, id) => id === agentSettingsId && settings.paused === true && Object.keys(settings).length === 1,
  });
}
