import type { SqlValue, Store } from '../store/store.ts';
import type { GuardedTable, Vault } from '../vault/vault.ts';
import { guardedTable } from '../vault/vault.ts';
import type { Agent, AgentState } from './agents.ts';
import { receivedWhileLocked } from './received-while-locked.ts';

/** The `agents` table. Removed agents stay in it, because grants and events name them. */
export function agentsTable(deps: { readonly store: Store; readonly vault: Vault }): GuardedTable<Agent> {
  return guardedTable<Agent>(deps, {
    name: 'agents',
    schema: 1,
    columns: (agent): Readonly<Record<string, SqlValue>> => ({ state: agent.state, registered_at: agent.registeredAt }),
    adopt: (written, _id, before) => (before === undefined ? registered(written) : lowered(written, before)),
  });
}

function registered(agent: Agent): Agent | undefined {
  // security: an acceptance that the vault did not see is none, whatever the row says
  if (agent.state === 'accepted' || agent.name !== undefined || agent.acceptedAt !== undefined) return undefined;
  // security: rule 20, facts that had no MAC are not evidence
  return { ...agent, registrationEvidence: receivedWhileLocked };
}

/** How much is taken away: while locked an agent can be suspended and removed, and nothing else. */
const taken: Readonly<Record<AgentState, number>> = { pending: 0, accepted: 0, suspended: 1, removed: 2 };

function lowered({ state }: Agent, before: Agent): Agent | undefined {
  // security: rule 8, and a suspended one does not come back as one that waits
  return taken[state] > taken[before.state] ? { ...before, state } : undefined;
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
    adopt: (settings, id) =>
      id === agentSettingsId && settings.paused === true && Object.keys(settings).length === 1 ? settings : undefined,
  });
}
