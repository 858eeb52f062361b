import type { Agents } from '../../agents/agents.ts';
import { isRefusal } from '../../base/errors.ts';
import { type AgentId, asId } from '../../base/ids.ts';

/** The name to draw for an agent that may have been removed since, or whose row is damaged. */
export function agentNameOf(id: string, agents: Agents): string {
  try {
    const agent = agents.find(asId<AgentId>(id));
    return agent ? agents.displayName(agent) : 'A removed agent';
  } catch (error) {
    if (isRefusal(error, 'row_tampered')) return 'An agent whose record is damaged';
    throw error;
  }
}
