import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentId, GrantId, ResourceId } from '../../src/base/ids.ts';
import { asId } from '../../src/base/ids.ts';
import { detailTypeOf } from '../../src/details/details.ts';
import { evidenceOf } from '../support/memory-platform.ts';

import { testPassphrase } from '../support/open-keep.ts';
import { type OpenCore, openCore } from './open-core.ts';

let open: OpenCore;
beforeEach(async () => {
  open = await openCore();
  await open.page.client.call('vault.unlock', {}, testPassphrase);
});
afterEach(() => open.close());

const notes = { name: 'Notes', url: 'http://127.0.0.1:9000/mcp', detailTypes: ['account_information'], scopes: ['accounts'] };
const details = [{ type: 'account_information', actions: ['list_accounts'] }];

async function grantFor(resourceId: string): Promise<GrantId> {
  const { core, platform, page } = open;
  const id = asId<AgentId>('agent-one');
  core.agents.register({ id, claimedName: 'One', keyThumbprint: 'k', registrationEvidence: evidenceOf(), metadata: {} });
  const step = core.agents.acceptStep(id, 'Agent One');
  core.audit.commit(step.change, step.events);
  const approval = core.approvals.open({
    agentId: id,
    resourceId: asId<ResourceId>(resourceId),
    details,
    scopes: ['accounts'],
    authReqHash: 'hash',
    expiresAt: platform.clock.now() + 300_000,
    evidence: evidenceOf(),
  });
  const narrowing = { details, scopes: ['accounts'], lifetime: '1h' as const };
  const { version, askedDigest } = core.approvals.card(approval.id);
  const { grantedDigest, consequences } = core.approvals.preview(approval.id, narrowing);
  expect(consequences.map(({ value }) => value).join('\n')).toMatch(
    /on this computer, directly[\s\S]*sees no call[\s\S]*nobody can stop it/,
  );
  expect(JSON.stringify(consequences)).not.toContain('never the agent');
  platform.clock.set(platform.clock.now() + 5000);
  const input = { id: approval.id, cardVersion: version, askedDigest, grantedDigest, narrowing };
  const { grantId } = await page.client.call('approvals.approve', input, testPassphrase);
  return asId<GrantId>(grantId);
}

describe('a local server', () => {
  test('is added with presence, listed, and asked for like any resource; its card says who holds the token', async () => {
    const { id } = await open.page.client.call('resources.add', notes, testPassphrase);
    const { local } = await open.page.client.call('connections.list', {});
    expect(local).toEqual([{ ...notes, id, verifiedBy: 'signature', addedAt: expect.any(Number) as number }]);
    await grantFor(id);
    const { grants } = await open.page.client.call('grants.list', {});
    expect(grants).toMatchObject([{ resourceName: 'Notes', connectionName: 'This computer', live: true }]);
  });

  test('is not said to be held to anything by us, and nothing that it is asked for can be narrowed (security rule 7)', async () => {
    const payments = { ...notes, detailTypes: ['payment_initiation', 'account_information'] };
    const { id } = await open.page.client.call('resources.add', payments, testPassphrase);
    for (const resource of [open.core.connections.findResource(asId<ResourceId>(id)), ...open.core.connections.resources()]) {
      const fields = payments.detailTypes.flatMap((type) => {
        const detailType = detailTypeOf({ type });
        return detailType.fields(detailType.example, resource?.terms?.[type]);
      });
      expect(fields.length).toBeGreaterThan(4);
      expect(fields.map(({ enforcedBy, narrowable }) => [...enforcedBy, narrowable])).toEqual(fields.map(() => ['none', false]));
    }
  });

  test('is no address of ours', async () => {
    const own = open.page.client.call('resources.add', { ...notes, url: `${open.core.issuer}/proxy/x` }, testPassphrase);
    await expect(own).rejects.toMatchObject({ refusal: { code: 'invalid_input' } });
  });

  test('is never forwarded to: no credential of anybody goes there (security rule 9)', async () => {
    const { id } = await open.page.client.call('resources.add', notes, testPassphrase);
    const grantId = await grantFor(id);
    const call = { method: 'GET', path: '/accounts', query: new URLSearchParams(), body: undefined };
    await expect(open.core.broker.authorizeCall(grantId, asId(id), call)).rejects.toMatchObject({ code: 'resource_unknown' });
  });

  test('takes its grants along when it is removed, without a passphrase', async () => {
    const { id } = await open.page.client.call('resources.add', notes, testPassphrase);
    const grantId = await grantFor(id);
    await open.page.client.call('resources.remove', { id });
    expect(open.core.grants.find(grantId)?.endedBy).toBe('revoked');
    expect((await open.page.client.call('connections.list', {})).local).toEqual([]);
  });
});
