import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Audit, boundedAudit } from '../../src/audit/audit.ts';
import { silentLog } from '../../src/base/log.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';

let keep: Keep;
let audit: Audit;

beforeEach(async () => {
  keep = await openKeep();
  audit = boundedAudit(keep.audit, { clock: keep.clock, log: silentLog });
});

afterEach(() => keep.close());

const refuse = (operation: string): void =>
  audit.record({ event: 'presence.refused', outcome: 'denied', reason: 'missing', facts: { operation } });
const count = (): number => keep.events().filter((name) => name === 'presence.refused').length;

describe('refusals in the audit log', () => {
  test('are bounded: a thousand leave twenty entries and one with the count of the rest (security rule 29)', async () => {
    for (let index = 0; index < 1000; index += 1) refuse('agents.resume');
    expect(count()).toBe(20);
    await keep.clock.advance(60_000);
    expect(count()).toBe(21);
    expect(audit.list({ limit: 1 })[0]).toMatchObject({
      event: 'presence.refused',
      facts: { operation: 'agents.resume', more: 980 },
    });
    expect(audit.verify().intact).toBe(true);
  });

  test('of one kind leave room for those of another, and of the next minute', async () => {
    for (let index = 0; index < 30; index += 1) refuse('agents.resume');
    refuse('settings.change');
    expect(count()).toBe(21);
    await keep.clock.advance(60_000);
    refuse('agents.resume');
    expect(count()).toBe(23);
  });

  test('of one resource server leave room for those of another', () => {
    const ask = (resourceId: string) => audit.record({ event: 'token.introspected', outcome: 'denied', resourceId });
    for (let index = 0; index < 100; index += 1) ask('resource_loud');
    ask('resource_quiet');
    expect(audit.list({ limit: 100 }).filter(({ resourceId }) => resourceId === 'resource_quiet')).toHaveLength(1);
  });

  test('stay bounded when each has an agent of its own (security rule 29)', () => {
    for (let index = 0; index < 10_000; index += 1) audit.record({ event: 'call.refused', agentId: `agent_${index}` });
    expect(keep.events().filter((name) => name === 'call.refused').length).toBeLessThanOrEqual(220);
  });

  test('are all that is bounded: what happened is written however often', () => {
    for (let index = 0; index < 100; index += 1) audit.record({ event: 'call.forwarded', outcome: 'ok' });
    expect(keep.events().filter((name) => name === 'call.forwarded')).toHaveLength(100);
  });

  test('that cannot be told of later end nothing', async () => {
    for (let index = 0; index < 30; index += 1) refuse('agents.resume');
    keep.store.commit([{ sql: 'ALTER TABLE audit RENAME TO gone', values: [] }]);
    await keep.clock.advance(60_000);
    keep.store.commit([{ sql: 'ALTER TABLE gone RENAME TO audit', values: [] }]);
    expect(count()).toBe(20);
  });
});
