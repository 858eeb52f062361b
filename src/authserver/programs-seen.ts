import type { Socket } from 'node:net';
import type { Approvals } from '../approvals/approvals.ts';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import type { GrantId } from '../base/ids.ts';
import type { Grants } from '../grants/grants.ts';
import type { ProcessEvidence, ProcessIdentity } from '../platform/process-identity.ts';
import { evidenceOfPeer } from './peer-evidence.ts';

export interface ProgramsSeenDeps {
  readonly approvals: Approvals;
  readonly grants: Grants;
  readonly processes: ProcessIdentity;
  readonly clock: Clock;
}

/**
 * Holds a grant to the program it was given to (security rule 14). Looking at a process costs 10-30 ms, so it is done once
 * for each connection, and an answer is kept for the connection and the grant. A connection that is handed to another
 * program later is not noticed: only what happens on a new one is.
 */
export class ProgramsSeen {
  readonly #deps: ProgramsSeenDeps;
  readonly #evidence = new WeakMap<Socket, Promise<ProcessEvidence>>();
  readonly #admitted = new WeakMap<Socket, Map<GrantId, number>>();

  constructor(deps: ProgramsSeenDeps) {
    this.#deps = deps;
  }

  /** Refuses `approval_pending` while the person is asked about another program, `approval_denied` after a no. */
  async assertSame(socket: Socket, id: GrantId): Promise<void> {
    const { approvals, clock, grants } = this.#deps;
    const admitted = this.#admitted.get(socket) ?? new Map<GrantId, number>();
    if ((admitted.get(id) ?? 0) > clock.now()) return;
    const evidence = await this.#evidenceOf(socket);
    if (socket.destroyed) throw new Refusal('approval_pending', 'The connection was closed before it could be looked at.');
    admitted.set(id, approvals.admitProgram(grants.getLive(id), evidence));
    this.#admitted.set(socket, admitted);
  }

  /** As {@link ProgramsSeen.assertSame}; a grant that was approved without evidence keeps what is seen now. */
  async assertRedeemer(socket: Socket, id: GrantId): Promise<void> {
    this.#deps.approvals.keepEvidence(this.#deps.grants.getLive(id), await this.#evidenceOf(socket));
    await this.assertSame(socket, id);
  }

  #evidenceOf(socket: Socket): Promise<ProcessEvidence> {
    const known = this.#evidence.get(socket);
    if (known !== undefined) return known;
    const looked = evidenceOfPeer(this.#deps.processes, socket);
    this.#evidence.set(socket, looked);
    return looked;
  }
}
