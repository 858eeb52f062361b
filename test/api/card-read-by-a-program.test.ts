import { expect, test } from 'vitest';
import type { AgentId, ResourceId } from '../../src/base/ids.ts';
import { asId, hashOf } from '../../src/base/ids.ts';
import { evidenceOf } from '../support/memory-platform.ts';
import { openCore } from './open-core.ts';

test('a card that is read over the socket was not shown; one that a page draws was', async () => {
  const open = await openCore();
  const { core, platform, store } = open;
  const agentId = asId<AgentId>('agent-one');
  core.connections.add('demo');
  core.agents.register({ id: agentId, claimedName: 'one', keyThumbprint: 'key', registrationEvidence: evidenceOf(), metadata: {} });
  const { id } = core.approvals.open({
    agentId,
    resourceId: asId<ResourceId>('demo'),
    details: [{ type: 'account_information', actions: ['read_balances'] }],
    scopes: ['accounts'],
    authReqHash: hashOf('request'),
    expiresAt: platform.clock.now() + 300_000,
    evidence: evidenceOf(),
  });
  const shown = () => store.all("SELECT seq FROM audit WHERE event = 'approval.shown'").length;
  await open.begin('socket').client.call('approvals.card', { id });
  expect(shown()).toBe(0);
  await open.page.client.call('approvals.card', { id });
  expect(shown()).toBe(1);
  await open.close();
});
