import { expect, test } from 'vitest';
import { createAgents } from '../../src/agents/agents.ts';
import { type AgentId, asId } from '../../src/base/ids.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { registration } from '../approvals/open-approvals.ts';
import { memoryBrowser, memoryLog } from '../support/memory-platform.ts';
import { openKeep } from '../support/open-keep.ts';

test.each(['connections', 'resources', 'agents'])(
  'a row of %s that was changed outside is reported at unlock, though nobody used it (security rule 3)',
  async (table) => {
    const keep = await openKeep();
    createConnections({ ...keep, browser: memoryBrowser(), log: memoryLog() }).add('demo');
    createAgents(keep).register(registration(asId<AgentId>('agent-one')));
    keep.store.commit([{ sql: `UPDATE ${table} SET body = replace(body, 'e', 'i')`, values: [] }]);
    const again = await keep.restart();
    createConnections({ ...again, browser: memoryBrowser(), log: memoryLog() });
    createAgents(again);
    await again.unlock();
    expect(again.events().filter((event) => event === 'row.tampered')).toHaveLength(1);
    again.close();
  },
);
