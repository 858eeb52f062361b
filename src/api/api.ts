/**
 * Door: answers the contract, whichever way a call came: IPC from a window, HTTP from a page, the socket from the
 * command line.
 *
 * A *session* is one page load or one channel; it is never authority (security rule 1). It may read, deny, revoke, lock and
 * pause. `unlocked here` belongs to the session in which the passphrase was given. `operation-handlers.ts` is the table of
 * what each operation does; `answer-call.ts` lists the steps of a call in order: session, shape, presence, handler, shape.
 *
 * Must never: show a secret, raise without presence, or let one session use what another confirmed.
 */

import type { Agents } from '../agents/agents.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { Audit } from '../audit/audit.ts';
import type { ChangeNotice, Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import type { SessionId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Broker } from '../broker/broker.ts';
import type { Connections } from '../connections/connections.ts';
import type { CallAnswer, CallEnvelope } from '../contract/presence.ts';
import type { Grants } from '../grants/grants.ts';
import type { Gaps } from '../state-head/state-head.ts';
import type { Vault } from '../vault/vault.ts';

export { createApi } from './create-api.ts';
export { openSocketDoor, type SocketDoor } from './socket.ts';

export interface ApiDeps {
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly log: Log;
  readonly agents: Agents;
  readonly connections: Connections;
  readonly grants: Grants;
  readonly approvals: Approvals;
  readonly broker: Broker;
  readonly gaps: Gaps;
  readonly demo: DemoPort;
  readonly notifications: () => 'ready' | 'changed' | 'absent';
  readonly issuer: () => string;
  readonly version: string;
  /** The answer of the agents' door to a challenge. Refuses `vault_locked` while it has none. */
  readonly proveServer: (challenge: string) => string;
}

/** The part of `platform/demo-program.ts` that the contract needs, joined in `core.ts`. */
export interface DemoPort {
  startServers(): Promise<unknown>;
  startAgent(issuer: string): Promise<void>;
}

/** How a session reached us. `socket` and `notification` can never confirm presence. */
export type SessionKind = 'page' | 'window' | 'socket';

export interface Api {
  beginSession(kind: SessionKind): { readonly session: SessionId; readonly coreKey: string };
  endSession(session: SessionId): void;
  /** Never throws: a refusal is an answer, a bug is logged and leaves as `internal`. */
  call(session: SessionId, operation: string, envelope: CallEnvelope): Promise<CallAnswer>;
  changes(session: SessionId, listener: (notice: ChangeNotice) => void): () => void;
}
