import { afterEach, expect, test } from 'vitest';
import { evidenceOf } from '../support/memory-platform.ts';
import { type Door, openAuthServer } from './support/open-authserver.ts';
import { newKey, registration } from './support/stock-agent.ts';

let door: Door;

afterEach(() => door.close());

test('of a thousand registrations twenty wait, the rest is told to come later, and nobody older makes room (security rule 29)', async () => {
  door = await openAuthServer();
  const body = JSON.stringify(registration(await newKey()));
  const root = evidenceOf().root;
  if (root === undefined) throw new Error('the sample has a root');
  const ids: string[] = [];
  const statuses = new Map<number, number>();
  for (let index = 0; index < 1000; index += 1) {
    // Two from each tree of processes: the third limit is another test's.
    door.platform.processes.evidence = evidenceOf({ root: { ...root, pid: 5000 + Math.floor(index / 2) } });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${door.issuer}/register`, { method: 'POST', headers, body });
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    const answered = (await answer.json()) as { client_id?: string };
    if (answered.client_id !== undefined) ids.push(answered.client_id);
    if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect(Object.fromEntries(statuses)).toEqual({ 201: 20, 429: 980 });
  expect(new Set(door.agents.list().map(({ id }) => String(id)))).toEqual(new Set(ids));
  // Who asks is looked at five times a second at most once there is no room: that would cost more than the refusal.
  expect(door.platform.processes.asked.length).toBeLessThanOrEqual(25);
  expect(door.platform.notifier.history).toEqual([]);
}, 120_000);
