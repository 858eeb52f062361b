import type { Refusal } from '../base/errors.ts';
import type { AgentId, GrantId } from '../base/ids.ts';

interface Flight {
  readonly grantId: GrantId;
  readonly agentId: AgentId;
  readonly controller: AbortController;
}

/** Calls that are on their way, so that they can be cut. */
export class CallsInFlight {
  readonly #flights = new Set<Flight>();

  /** The signal that cuts the call, and the function that says it is over. */
  begin(grantId: GrantId, agentId: AgentId): { readonly signal: AbortSignal; end(): void } {
    const flight = { grantId, agentId, controller: new AbortController() };
    this.#flights.add(flight);
    return { signal: flight.controller.signal, end: () => void this.#flights.delete(flight) };
  }

  countOf(grantId: GrantId): number {
    return [...this.#flights].filter((flight) => flight.grantId === grantId).length;
  }

  /** Grants of the agent that have calls on their way. */
  grantsOf(agentId: AgentId): readonly GrantId[] {
    return [...this.#flights].filter((flight) => flight.agentId === agentId).map(({ grantId }) => grantId);
  }

  /** Agents with calls on their way. */
  agents(): readonly AgentId[] {
    return [...new Set([...this.#flights].map(({ agentId }) => agentId))];
  }

  cut(which: (flight: { readonly grantId: GrantId; readonly agentId: AgentId }) => boolean, why: Refusal): void {
    for (const flight of [...this.#flights].filter(which)) flight.controller.abort(why);
  }
}
