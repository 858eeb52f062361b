import { expect } from 'vitest';
import type { Door } from './open-authserver.ts';
import type { Answer, PollOptions, StockAgent } from './stock-agent.ts';

/** Waits for a condition of the server, not for a duration. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 50_000 && !holds(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(holds()).toBe(true);
}

/** Starts a poll and returns when the server holds it. */
export async function heldPoll(
  door: Door,
  agent: StockAgent,
  { id, ...how }: PollOptions & { readonly id: string },
): Promise<{ answer: Promise<Answer> }> {
  // The pin of the key is the last thing written before a poll is held.
  const isPinned = () => door.approvals.listPending()[0]?.pinnedJkt !== undefined;
  const before = door.keep.clock.waiting;
  const answer = agent.poll(id, how);
  await until(() => isPinned() && door.keep.clock.waiting > before);
  return { answer };
}
