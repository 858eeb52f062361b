import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditQuery } from '../../src/audit/audit.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';

let keep: Keep;
beforeEach(async () => {
  keep = await openKeep({ vault: 'absent' });
  keep.audit.record(
    { event: 'agent.registered', agentId: 'agent_One' },
    { event: 'approval.denied', approvalId: 'appr_100%', agentId: 'agent_One', reason: 'not today' },
    { event: 'grant.created', grantId: 'grant_1', agentId: 'agent_Two', connectionId: 'connection_bank' },
    { event: 'call.refused', grantId: 'grant_1', resourceId: 'demo', reason: 'call_not_covered', outcome: 'denied' },
    { event: 'upstream.revoked', grantId: 'grant_2', hashes: { token: 'abcdef' } },
  );
});
afterEach(() => keep.close());

const found = (query: AuditQuery) => keep.audit.list(query).map(({ seq }) => seq);

describe('the list of events', () => {
  test('is newest first, with everything that was recorded', () => {
    expect(found({})).toEqual([5, 4, 3, 2, 1]);
    expect(keep.audit.list({})[1]).toMatchObject({
      seq: 4,
      ts: '2026-03-01T09:30:00.000Z',
      event: 'call.refused',
      grantId: 'grant_1',
      resourceId: 'demo',
      reason: 'call_not_covered',
      outcome: 'denied',
    });
  });

  test('goes page by page', () => {
    expect(found({ limit: 2 })).toEqual([5, 4]);
    expect(found({ limit: 2, before: 4 })).toEqual([3, 2]);
    expect(found({ limit: 0 })).toEqual([5]);
  });

  test('a page has 50 entries unless told, and 200 at most', () => {
    keep.audit.record(...Array.from({ length: 300 }, () => ({ event: 'token.issued' }) as const));
    expect(found({})).toHaveLength(50);
    expect(found({ limit: 10_000 })).toHaveLength(200);
  });

  test('finds by grant and by agent', () => {
    expect(found({ grantId: 'grant_1' })).toEqual([4, 3]);
    expect(found({ agentId: 'agent_One' })).toEqual([2, 1]);
    expect(found({ grantId: 'grant_1', agentId: 'agent_Two' })).toEqual([3]);
  });

  test('searches names, ids and reasons in any case', () => {
    expect(found({ search: 'REVOKED' })).toEqual([5]);
    expect(found({ search: 'agent_one' })).toEqual([2, 1]);
    expect(found({ search: 'today' })).toEqual([2]);
    expect(found({ search: 'bank' })).toEqual([3]);
    expect(found({ search: ' demo ' })).toEqual([4]);
    expect(found({ search: 'nothing like that' })).toEqual([]);
  });

  test('a search is text: no pattern, no name of a member, no SQL', () => {
    expect(found({ search: '100%' })).toEqual([2]);
    expect(found({ search: '%' })).toEqual([2]);
    expect(found({ search: 'call_not' })).toEqual([4]);
    expect(found({ search: 'callXnot' })).toEqual([]);
    expect(found({ search: 'connectionId' })).toEqual([]);
    expect(found({ search: String.raw`\ ' OR 1=1 --` })).toEqual([]);
  });

  test('an entry whose text was destroyed is still listed, and says so', () => {
    keep.store.commit([{ sql: "UPDATE audit SET entry = '{' WHERE seq = 4", values: [] }]);
    expect(keep.audit.list({})[1]).toMatchObject({ seq: 4, event: 'call.refused', reason: 'row_tampered' });
    expect(found({ search: 'call.refused' })).toEqual([4]);
  });
});
