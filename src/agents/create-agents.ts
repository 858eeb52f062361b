import type { AuditEventName } from '../audit/audit.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { AgentId } from '../base/ids.ts';
import type { Change } from '../store/store.ts';
import type { GuardedRow, GuardedTable } from '../vault/vault.ts';
import { checkedAgentName } from './agent-name.ts';
import type { Agent, AgentState, Agents, AgentsDeps, Step } from './agents.ts';
import type { AgentSettings } from './agents-table.ts';
import { agentSettingsId, agentSettingsTable, agentsTable } from './agents-table.ts';
import { assertRoomForOnePending, assertRoomForPending, stalePendingMs } from './pending-limits.ts';
import { nameSkeleton, namesResemble } from './resembling-names.ts';

/** The agents over their table. Rows that were written while locked are taken over at unlock, or reported. */
export function createAgents(deps: AgentsDeps): Agents {
  return new GuardedAgents(deps);
}

class GuardedAgents implements Agents {
  readonly #deps: AgentsDeps;
  readonly #table: GuardedTable<Agent>;
  readonly #settings: GuardedTable<AgentSettings>;

  constructor(deps: AgentsDeps) {
    this.#deps = deps;
    this.#table = agentsTable(deps);
    this.#settings = agentSettingsTable(deps);
    deps.vault.onUnlock(() => this.#takeOver());
  }

  register(registration: Omit<Agent, 'state' | 'registeredAt' | 'acceptedAt' | 'name'>): void {
    this.#assertRoom((pending) => assertRoomForPending(pending, registration.registrationEvidence));
    const agent: Agent = { ...registration, state: 'pending', registeredAt: this.#deps.clock.now() };
    this.#deps.audit.commit(
      [this.#table.insert(agent.id, agent)],
      [{ event: 'agent.registered', agentId: agent.id, hashes: { key: agent.keyThumbprint } }],
    );
    this.#publish(agent.id);
  }

  assertRoomForOne(): void {
    this.#assertRoom(assertRoomForOnePending);
  }

  #assertRoom(check: (pending: readonly Agent[]) => void): void {
    try {
      check(this.listPending());
    } catch (error) {
      if (isRefusal(error)) this.#deps.audit.record({ event: 'agent.refused', outcome: 'denied', reason: error.code });
      throw error;
    }
  }

  find(id: AgentId): Agent | undefined {
    const agent = this.#table.find(id)?.value;
    return agent?.state === 'removed' ? undefined : agent;
  }

  get(id: AgentId): Agent {
    return this.#row(id).value;
  }

  list(): readonly Agent[] {
    const agents = this.#table.list('state != ?', 'removed').map((row) => row.value);
    return agents.toSorted((one, other) => other.registeredAt - one.registeredAt);
  }

  listPending(): readonly Agent[] {
    return this.#table.list('state = ?', 'pending').map((row) => row.value);
  }

  displayName(agent: Agent): string {
    return agent.name ?? agent.claimedName;
  }

  resemblesAnother(agent: Agent): boolean {
    return this.#named(agent.id).some((other) => namesResemble(agent.claimedName, other.name));
  }

  acceptStep(id: AgentId, name: string): Step {
    const row = this.#row(id);
    if (row.value.state !== 'pending') throw new Refusal('conflict', 'This agent was answered already.');
    const checked = checkedAgentName(name);
    if (this.#named(id).some((other) => nameSkeleton(other.name) === nameSkeleton(checked))) {
      throw new Refusal('invalid_input', 'Another agent has this name.', { hint: 'Choose a name that you can tell apart.' });
    }
    const accepted: Agent = { ...row.value, state: 'accepted', name: checked, acceptedAt: this.#deps.clock.now() };
    return {
      change: [this.#table.update(row, accepted)],
      events: [{ event: 'agent.accepted', agentId: id, approver: 'user', hashes: { key: accepted.keyThumbprint } }],
    };
  }

  suspend(id: AgentId): void {
    const row = this.#row(id);
    if (row.value.state === 'suspended') return;
    this.#move(row, 'suspended', 'agent.suspended');
  }

  resume(id: AgentId): void {
    const row = this.#row(id);
    if (row.value.state !== 'suspended') throw new Refusal('conflict', 'This agent is not suspended.');
    this.#move(row, row.value.acceptedAt === undefined ? 'pending' : 'accepted', 'agent.resumed');
  }

  remove(id: AgentId): void {
    this.#move(this.#row(id), 'removed', 'agent.removed');
  }

  assertMayAsk(id: AgentId): Agent {
    const agent = this.get(id);
    if (this.paused()) {
      throw new Refusal('agents_paused', 'The person has paused all agents.', { hint: 'Try again later.', retryAfterSeconds: 60 });
    }
    if (agent.state === 'suspended') {
      throw new Refusal('agent_suspended', 'The person has suspended this agent.', { hint: 'Only the person can resume it.' });
    }
    return agent;
  }

  assertMayAct(id: AgentId): Agent {
    const agent = this.assertMayAsk(id);
    if (agent.state === 'accepted') return agent;
    throw new Refusal('agent_pending', 'The person has not accepted this agent yet.', {
      hint: 'Send a request and wait for the answer.',
    });
  }

  paused(): boolean {
    const row = this.#settingsRow();
    // Unsure means less trust: nobody asks while it cannot be told whether they may.
    return row === 'damaged' || (row?.value.paused ?? false);
  }

  pauseAll(): void {
    this.#setPaused(true);
  }

  resumeAll(): void {
    this.#setPaused(false);
  }

  dropStale(hasWaitingRequest: (id: AgentId) => boolean): void {
    const before = this.#deps.clock.now() - stalePendingMs;
    for (const row of this.#table.list('state = ? AND registered_at <= ?', 'pending', before)) {
      if (hasWaitingRequest(row.value.id)) continue;
      this.#deps.audit.commit(
        [this.#table.remove(row)],
        [{ event: 'agent.removed', agentId: row.id, approver: 'none', reason: 'no request within ten minutes' }],
      );
      this.#publish(row.value.id);
    }
  }

  /** Authenticates what was written while locked and grants nothing; tells of the rest, which is not used. */
  #takeOver(): void {
    const agents = this.#table.adopt().refused;
    const settings = this.#settings.adopt().refused;
    const refused = [...agents, ...settings];
    const changed = [...this.#table.tampered(), ...this.#settings.tampered()].filter((id) => !refused.includes(id));
    const events = [
      ...refused.map((id) => ({ event: 'row.tampered' as const, agentId: id, reason: 'written while locked' })),
      // Lists leave them out: without this nobody would hear of it.
      ...changed.map((id) => ({ event: 'row.tampered' as const, agentId: id, outcome: 'error' as const })),
    ];
    if (events.length > 0) this.#deps.audit.record(...events);
  }

  #row(id: AgentId): GuardedRow<Agent> {
    const row = this.#table.find(id);
    if (row === undefined || row.value.state === 'removed') {
      throw new Refusal('agent_unknown', 'This agent is not registered here.', { hint: 'Register again.' });
    }
    return row;
  }

  /** Agents that have a name from the person, whether they may act now or not. */
  #named(except: AgentId): readonly (Agent & { readonly name: string })[] {
    return this.#table
      .list('state IN (?, ?)', 'accepted', 'suspended')
      .map((row) => row.value)
      .filter((agent): agent is Agent & { readonly name: string } => agent.id !== except && agent.name !== undefined);
  }

  #move(row: GuardedRow<Agent>, state: AgentState, event: AuditEventName): void {
    const moved: Agent = { ...row.value, state };
    this.#deps.audit.commit([this.#table.update(row, moved)], [{ event, agentId: row.id, approver: 'user' }]);
    this.#publish(row.value.id);
  }

  #setPaused(paused: boolean): void {
    const row = this.#settingsRow();
    if (row !== 'damaged' && (row?.value.paused ?? false) === paused) return;
    const change = typeof row === 'object' ? [this.#settings.update(row, { paused })] : this.#settingsAnew(paused);
    this.#deps.audit.commit(change, [{ event: paused ? 'agents.paused' : 'agents.resumed', approver: 'user' }]);
    this.#publish();
  }

  #settingsRow(): GuardedRow<AgentSettings> | 'damaged' | undefined {
    try {
      return this.#settings.find(agentSettingsId);
    } catch (error) {
      if (!isRefusal(error, 'row_tampered')) throw error;
      return 'damaged';
    }
  }

  #settingsAnew(paused: boolean): Change {
    return [
      { sql: 'DELETE FROM settings WHERE id = ?', values: [agentSettingsId] },
      this.#settings.insert(agentSettingsId, { paused }),
    ];
  }

  #publish(id?: AgentId): void {
    this.#deps.changes.publish(id === undefined ? { topic: 'agents' } : { topic: 'agents', id });
  }
}
