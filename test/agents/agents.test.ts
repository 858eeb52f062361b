import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Agents } from '../../src/agents/agents.ts';
import { createAgents } from '../../src/agents/agents.ts';
import { isRefusal } from '../../src/base/errors.ts';
import type { AgentId } from '../../src/base/ids.ts';
import { asId } from '../../src/base/ids.ts';
import type { ProcessEvidence } from '../../src/platform/process-identity.ts';
import { evidenceOf, unknownEvidence } from '../support/memory-platform.ts';
import type { Keep } from '../support/open-keep.ts';
import { openKeep } from '../support/open-keep.ts';

let keep: Keep;
let agents: Agents;

beforeEach(async () => {
  keep = await openKeep();
  agents = createAgents(keep);
});

afterEach(() => keep.close());

const treeOf = (pid: number): ProcessEvidence =>
  evidenceOf({ root: { pid, executableVerified: true, executable: '/usr/bin/bash', startTime: String(pid) } });

function register(name: string, evidence: ProcessEvidence = treeOf(4242)): AgentId {
  const id = asId<AgentId>(name);
  agents.register({
    id,
    claimedName: name,
    keyThumbprint: `key-of-${name}`,
    registrationEvidence: evidence,
    metadata: { client_name: name },
  });
  return id;
}

function accept(id: AgentId, name: string): void {
  const step = agents.acceptStep(id, name);
  keep.audit.commit(step.change, step.events);
}

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (isRefusal(error)) return error.code;
    throw error;
  }
  return 'none';
};

describe('an agent', () => {
  test('is pending after registration and may ask but not act (security rule 13)', () => {
    const id = register('planner');
    expect(agents.get(id)).toMatchObject({ state: 'pending', claimedName: 'planner', keyThumbprint: 'key-of-planner' });
    expect(agents.assertMayAsk(id).id).toBe(id);
    expect(codeOf(() => agents.assertMayAct(id))).toBe('agent_pending');
    expect(keep.events()).toContain('agent.registered');
  });

  test('gets the name that the person chose when it is accepted', () => {
    const id = register('planner');
    accept(id, '  Trip   planner ');
    expect(agents.assertMayAct(id)).toMatchObject({ name: 'Trip planner', state: 'accepted' });
    expect(agents.displayName(agents.get(id))).toBe('Trip planner');
    expect(keep.events()).toContain('agent.accepted');
  });

  test('is shown by its claim until it has a name', () => {
    expect(agents.displayName(agents.get(register('planner')))).toBe('planner');
  });

  test('cannot be accepted twice', () => {
    const id = register('planner');
    accept(id, 'Planner');
    expect(codeOf(() => agents.acceptStep(id, 'Other'))).toBe('conflict');
  });

  test('cannot be accepted by two answers at once', () => {
    const id = register('planner');
    const one = agents.acceptStep(id, 'One');
    const two = agents.acceptStep(id, 'Two');
    keep.audit.commit(one.change, one.events);
    expect(codeOf(() => keep.audit.commit(two.change, two.events))).toBe('conflict');
    expect(agents.get(id).name).toBe('One');
  });

  test.each(['', '   ', '…', 'a'.repeat(61), 'evil\u202egnp', 'zero\u200bwidth', 'line\nbreak'])(
    'is not given the name %j',
    (name) => {
      const id = register('planner');
      expect(codeOf(() => agents.acceptStep(id, name))).toBe('invalid_input');
    },
  );

  test('is not given a name that looks like another one', () => {
    accept(register('planner'), 'Planner');
    expect(codeOf(() => agents.acceptStep(register('second'), 'PLANNER'))).toBe('invalid_input');
    expect(codeOf(() => agents.acceptStep(asId<AgentId>('second'), 'Рlаnner'))).toBe('invalid_input');
  });

  test('is stopped by suspension and goes on as before after it', () => {
    const id = register('planner');
    accept(id, 'Planner');
    agents.suspend(id);
    expect(codeOf(() => agents.assertMayAsk(id))).toBe('agent_suspended');
    expect(codeOf(() => agents.assertMayAct(id))).toBe('agent_suspended');
    agents.suspend(id);
    agents.resume(id);
    expect(agents.assertMayAct(id).name).toBe('Planner');
    expect(keep.events().filter((event) => event === 'agent.suspended')).toHaveLength(1);
  });

  test('that was pending is pending again after suspension', () => {
    const id = register('planner');
    agents.suspend(id);
    agents.resume(id);
    expect(agents.get(id).state).toBe('pending');
    expect(codeOf(() => agents.resume(id))).toBe('conflict');
  });

  test('that was removed is unknown, and its row stays', () => {
    const id = register('planner');
    accept(id, 'Planner');
    agents.remove(id);
    expect(agents.find(id)).toBeUndefined();
    expect(agents.list()).toEqual([]);
    expect(codeOf(() => agents.assertMayAsk(id))).toBe('agent_unknown');
    expect(codeOf(() => agents.get(id))).toBe('agent_unknown');
    expect(keep.store.first('SELECT id FROM agents WHERE id = ?', id)).toEqual({ id });
  });

  test('cannot register a second time under its id', () => {
    register('planner');
    expect(codeOf(() => register('planner'))).toBe('conflict');
  });
});

describe('all agents', () => {
  test('are stopped while paused, and the pause outlives a restart', async () => {
    const id = register('planner');
    accept(id, 'Planner');
    agents.pauseAll();
    expect(codeOf(() => agents.assertMayAsk(id))).toBe('agents_paused');
    const again = await keep.restart();
    await again.unlock();
    const afterRestart = createAgents(again);
    expect(afterRestart.paused()).toBe(true);
    afterRestart.resumeAll();
    expect(afterRestart.assertMayAct(id).id).toBe(id);
    expect(again.events()).toEqual(expect.arrayContaining(['agents.paused', 'agents.resumed']));
  });

  test('count as paused when the pause was edited on disk, until the person resumes them (security rule 3)', async () => {
    agents.pauseAll();
    keep.store.commit([{ sql: "UPDATE settings SET body = '{\"paused\":false}' WHERE id = 'agents'", values: [] }]);
    expect(agents.paused()).toBe(true);
    agents.resumeAll();
    expect(agents.paused()).toBe(false);
    agents.pauseAll();
    expect(agents.paused()).toBe(true);
  });

  test('count as paused when the row that said so is gone, or an older one is put back (security rule 3)', () => {
    agents.pauseAll();
    agents.resumeAll();
    const [old] = keep.store.all<{ body: string; mac: Uint8Array }>("SELECT * FROM settings WHERE id = 'agents'");
    agents.pauseAll();
    expect(agents.paused()).toBe(true);
    keep.store.commit([
      { sql: "UPDATE settings SET version = 2, body = ?, mac = ? WHERE id = 'agents'", values: [old!.body, old!.mac] },
    ]);
    expect(agents.paused()).toBe(true);
    keep.store.commit([{ sql: "DELETE FROM settings WHERE id = 'agents'", values: [] }]);
    expect(agents.paused()).toBe(true);
    agents.resumeAll();
    expect(agents.paused()).toBe(false);
  });

  test("only a pause of all agents is taken over at unlock, nobody else's settings (security rule 3)", async () => {
    keep.vault.lock();
    for (const id of ['agents', 'approvals']) {
      keep.store.commit([
        {
          sql: 'INSERT INTO settings (id, version, body, mac) VALUES (?, 1, ?, NULL)',
          values: [id, '{"paused":true,"approveLowRiskOnNotification":true}'],
        },
      ]);
    }
    await keep.unlock();
    expect(keep.store.all('SELECT id FROM settings WHERE mac IS NOT NULL')).toEqual([]);
    expect(keep.events()).toContain('row.tampered');
    expect(agents.paused()).toBe(true);
  });

  test('can be paused while locked, and stay so after the unlock', async () => {
    keep.vault.lock();
    agents.pauseAll();
    await keep.unlock();
    expect(agents.paused()).toBe(true);
  });

  test('are listed newest first', async () => {
    register('first');
    await keep.clock.advance(1000);
    register('second');
    expect(agents.list().map((agent) => agent.id)).toEqual(['second', 'first']);
  });

  test('are announced when they change', () => {
    const id = register('planner');
    agents.suspend(id);
    expect(keep.notices.filter((notice) => notice.topic === 'agents')).toEqual([
      { topic: 'agents', id },
      { topic: 'agents', id },
    ]);
  });
});

describe('room for pending agents', () => {
  test('ends at twenty, and nothing older is evicted (security rule 29)', () => {
    for (let index = 0; index < 20; index += 1) register(`agent-${index}`, treeOf(100 + index));
    expect(codeOf(() => register('one-too-many', treeOf(999)))).toBe('rate_limited');
    expect(agents.list()).toHaveLength(20);
    expect(agents.find(asId<AgentId>('agent-0'))).toBeDefined();
  });

  test('ends at three of one process tree (security rule 29)', () => {
    for (let index = 0; index < 3; index += 1) register(`agent-${index}`);
    expect(codeOf(() => register('fourth'))).toBe('rate_limited');
    expect(codeOf(() => register('other-tree', treeOf(77)))).toBe('none');
  });

  test('ends at three of programs that nothing is known about (security rule 29)', () => {
    for (let index = 0; index < 3; index += 1) register(`agent-${index}`, unknownEvidence);
    expect(codeOf(() => register('fourth', unknownEvidence))).toBe('rate_limited');
  });

  test('counts no accepted agent', () => {
    for (let index = 0; index < 3; index += 1) accept(register(`agent-${index}`), `Number ${'abc'[index]}`);
    expect(codeOf(() => register('fourth'))).toBe('none');
  });

  test('is made after ten minutes by those that never asked (security rule 29)', async () => {
    const idle = register('idle');
    const waiting = register('waiting');
    await keep.clock.advance(10 * 60_000 - 1);
    agents.dropStale((id) => id === waiting);
    expect(agents.find(idle)).toBeDefined();
    await keep.clock.advance(1);
    agents.dropStale((id) => id === waiting);
    expect(agents.find(idle)).toBeUndefined();
    expect(agents.find(waiting)).toBeDefined();
  });
});

describe('a claimed name', () => {
  test.each([
    ['Planner', 'planner'],
    ['Planner', 'P l a n n e r'],
    ['Planner', 'Рlаnnеr'],
    ['Planner', 'Ｐｌａｎｎｅｒ'],
    ['Planner', 'Plánner'],
    ['Planner', 'Planer'],
    ['Planner', 'Planners'],
    ['Planner', 'P1anner'],
    ['Bill', 'BiII'],
    ['Modern', 'Modem'],
    ['Omega', 'Οmega'],
  ])('of %j is flagged when it is %j (security rule 13)', (accepted, claimed) => {
    accept(register('first'), accepted);
    const id = asId<AgentId>('second');
    agents.register({ id, claimedName: claimed, keyThumbprint: 'k', registrationEvidence: treeOf(9), metadata: {} });
    expect(agents.resemblesAnother(agents.get(id))).toBe(true);
  });

  test.each([
    ['Planner', 'Scanner'],
    ['Bill', 'Ball'],
    ['Planner', 'Planning'],
    ['Planner', ''],
  ])('of %j is not flagged when it is %j', (accepted, claimed) => {
    accept(register('first'), accepted);
    const id = asId<AgentId>('second');
    agents.register({ id, claimedName: claimed, keyThumbprint: 'k', registrationEvidence: treeOf(9), metadata: {} });
    expect(agents.resemblesAnother(agents.get(id))).toBe(false);
  });

  test('is not flagged for resembling the agent that has it', () => {
    const id = register('Planner');
    accept(id, 'Planner');
    expect(agents.resemblesAnother(agents.get(id))).toBe(false);
  });

  test('is flagged for resembling a suspended agent too', () => {
    const first = register('first');
    accept(first, 'Planner');
    agents.suspend(first);
    expect(agents.resemblesAnother(agents.get(register('planner')))).toBe(true);
  });
});

describe('while locked', () => {
  test('a registration is kept and taken over at unlock (security rule 23)', async () => {
    keep.vault.lock();
    const id = register('planner');
    expect(agents.get(id).state).toBe('pending');
    await keep.unlock();
    expect(agents.get(id).registrationEvidence).toMatchObject({ state: 'unknown', parents: [] });
    expect(agents.get(id).registrationEvidence.remarks[0]).toContain('while Counterfoil was locked');
    accept(id, 'Planner');
    expect(agents.assertMayAct(id).name).toBe('Planner');
  });

  test('an acceptance written into the file is refused and reported at unlock (security rule 3)', async () => {
    keep.vault.lock();
    const id = register('planner');
    const forged = { ...agents.get(id), state: 'accepted', name: 'Planner', acceptedAt: keep.clock.now() };
    keep.store.commit([
      { sql: 'UPDATE agents SET body = ?, state = ? WHERE id = ?', values: [JSON.stringify(forged), 'accepted', id] },
    ]);
    await keep.unlock();
    expect(codeOf(() => agents.assertMayAct(id))).toBe('row_tampered');
    expect(keep.events()).toContain('row.tampered');
  });

  test('a suspension is taken over, and nothing else of the row (security rules 8 and 23)', async () => {
    const id = register('planner');
    accept(id, 'Planner');
    const signed = agents.get(id);
    keep.vault.lock();
    agents.suspend(id);
    keep.store.commit([
      { sql: "UPDATE agents SET body = json_set(body, '$.keyThumbprint', 'of another key') WHERE id = ?", values: [id] },
    ]);
    await keep.unlock();
    expect(codeOf(() => agents.assertMayAct(id))).toBe('agent_suspended');
    agents.resume(id);
    expect(agents.get(id)).toEqual(signed);
  });

  test('a suspended row with a changed key is not believed after the unlock (security rule 3)', async () => {
    const id = register('planner');
    accept(id, 'Planner');
    agents.suspend(id);
    keep.vault.lock();
    const forged = { ...agents.get(id), keyThumbprint: 'of another key' };
    keep.store.commit([{ sql: 'UPDATE agents SET body = ?, mac = NULL WHERE id = ?', values: [JSON.stringify(forged), id] }]);
    await keep.unlock();
    expect(codeOf(() => agents.resume(id))).toBe('row_tampered');
  });
});
