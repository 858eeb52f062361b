/**
 * Who the agents are and which process they run in.
 *
 * An *agent* is a program that asks for authority: an OAuth client of the local server, known by its client id
 * and the thumbprint of its registered key, together (security rule 13). A registration is inert: the agent is
 * *pending* until the person accepts it, and gets the name the person chose. Process facts are *evidence*: shown,
 * kept, never a permission.
 *
 * Must never: trust `client_name`, accept an agent without the person, or forget a suspended one.
 */

import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import type { AgentId } from '../base/ids.ts';
import type { ProcessEvidence } from '../platform/process-identity.ts';
import type { Change, Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';

export { createAgents } from './create-agents.ts';
export { treeOf } from './pending-limits.ts';
export { receivedWhileLocked } from './received-while-locked.ts';

export type AgentState = 'pending' | 'accepted' | 'suspended' | 'removed';

export interface Agent {
  readonly id: AgentId;
  /** Chosen by the person at acceptance; `undefined` before. */
  readonly name?: string;
  /** `client_name`, written by the agent: show only as its words. */
  readonly claimedName: string;
  /** RFC 7638 SHA-256 thumbprint of the registered key. */
  readonly keyThumbprint: string;
  readonly state: AgentState;
  readonly registeredAt: number;
  readonly acceptedAt?: number;
  /** What the system said about the process that registered. */
  readonly registrationEvidence: ProcessEvidence;
  /** OAuth client metadata as registered; read by `authserver` only. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface AgentsDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly changes: Changes;
}

/** A change and the events that tell of it, to be committed together with others. */
export interface Step {
  readonly change: Change;
  readonly events: readonly AuditEvent[];
}

export interface Agents {
  /**
   * Keeps a new registration as a pending agent.
   * Refuses `rate_limited` over 20 pending agents, or 3 of one process tree; nothing older is evicted (rule 29).
   */
  register(registration: Omit<Agent, 'state' | 'registeredAt' | 'acceptedAt' | 'name'>): void;
  /** Refuses `rate_limited` when 20 wait already, before it is looked who asks. */
  assertRoomForOne(): void;
  find(id: AgentId): Agent | undefined;
  /** Refuses `agent_unknown`. */
  get(id: AgentId): Agent;
  /** Newest first; removed ones are left out. */
  list(): readonly Agent[];
  /** Those that nobody has accepted yet: 20 at most. */
  listPending(): readonly Agent[];
  /** The name to draw: the person's, else the claimed one marked as a claim by the caller. */
  displayName(agent: Agent): string;
  /** True when the claimed name equals or resembles the accepted name of another agent. */
  resemblesAnother(agent: Agent): boolean;
  /**
   * The step that accepts a pending agent, to be committed with the approval that decided it.
   * Refuses `conflict` when it is not pending, `invalid_input` for a name that is empty, over 60 characters, or taken.
   */
  acceptStep(id: AgentId, name: string): Step;
  suspend(id: AgentId): void;
  /** Raises: the caller has confirmed presence. */
  resume(id: AgentId): void;
  remove(id: AgentId): void;
  /** Refuses `agent_unknown`, `agent_suspended`, `agents_paused`; a pending agent passes. */
  assertMayAsk(id: AgentId): Agent;
  /** As {@link Agents.assertMayAsk}, and refuses `agent_pending`. */
  assertMayAct(id: AgentId): Agent;
  paused(): boolean;
  pauseAll(): void;
  /** Raises: the caller has confirmed presence. */
  resumeAll(): void;
  /** Drops registrations that stayed pending for 10 minutes without a waiting request. */
  dropStale(hasWaitingRequest: (id: AgentId) => boolean): void;
}
