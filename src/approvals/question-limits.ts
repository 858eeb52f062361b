import type { Agent, Agents } from '../agents/agents.ts';
import { type LimitName, limitReached, limits } from '../base/limits.ts';
import type { GuardedTable } from '../vault/vault.ts';
import type { Approval } from './approvals.ts';

export interface QuestionLimitsDeps {
  readonly table: GuardedTable<Approval>;
  readonly agents: Pick<Agents, 'listPending'>;
  readonly now: number;
}

/** Seconds after which a person may have answered one. */
const retryAfterSeconds = 30;
const unanswered = "agent_id = ? AND state IN ('pending', 'expired', 'cancelled') AND created_at > ?";

/**
 * Refuses `rate_limited` when one more question of this agent were too many. All of it is counted from rows, so a restart
 * changes nothing; agents that nobody has accepted share a part of the room, so they cannot fill it.
 */
export function assertRoomForQuestion(agent: Agent, { table, agents, now }: QuestionLimitsDeps): void {
  const atMost = (limit: LimitName, count: number): void => {
    if (count >= limits[limit].quota) throw limitReached(limit, retryAfterSeconds);
  };
  atMost('pending-approvals', table.count("state = 'pending' AND agent_id = ?", agent.id));
  if (agent.state === 'pending') {
    const ids = agents.listPending().map(({ id }) => id);
    const places = ids.map(() => '?').join(', ');
    atMost('pending-approvals-of-new-agents', table.count(`state = 'pending' AND agent_id IN (${places})`, ...ids));
  }
  atMost('pending-approvals-of-all', table.count("state = 'pending'"));
  // security: rule 29, requests that end by themselves would else be asked without end
  const { quota, windowSeconds } = limits.questions;
  const since = now - windowSeconds * 1000;
  if (table.count(unanswered, agent.id, since) < quota) return;
  const [oldest] = table.list(`${unanswered} ORDER BY created_at DESC LIMIT 1 OFFSET ?`, agent.id, since, quota - 1);
  throw limitReached('questions', ((oldest?.value.createdAt ?? now) - since) / 1000);
}
