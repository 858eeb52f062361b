import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../src/base/errors.ts';
import {
  addAgent,
  addGrant,
  type BrokerBench,
  eventsOf,
  hasKey,
  listAccounts,
  openBroker,
  resourceId,
  until,
} from './open-broker.ts';

let bench: BrokerBench;
beforeEach(async () => {
  bench = await openBroker();
});
afterEach(() => bench.stop());

const call = (grant: { id: Parameters<BrokerBench['broker']['revoke']>[0] }) =>
  bench.broker.authorizeCall(grant.id, resourceId, listAccounts);
const eventNames = () => bench.keep.events();

describe('ending a grant', () => {
  test('stops calls at once, cuts those on their way, revokes upstream, destroys the key, and says so', async () => {
    const grant = addGrant(bench, bench.connection);
    const onItsWay = await call(grant);
    expect(await hasKey(bench, grant)).toBe(true);
    bench.broker.revoke(grant.id);
    expect(onItsWay.signal.aborted).toBe(true);
    expect(onItsWay.signal.reason).toMatchObject({ code: 'grant_revoked' });
    expect(bench.broker.upstreamEnd(grant.id)).toBe('pending');
    await expect(call(grant)).rejects.toMatchObject({ code: 'grant_revoked' });
    await bench.broker.settle();
    expect(bench.broker.upstreamEnd(grant.id)).toBe('confirmed');
    expect(bench.provider.revoked.size).toBe(1);
    expect(await hasKey(bench, grant)).toBe(false);
    expect(eventsOf(bench, grant).map(({ event }) => event)).toEqual([
      'grant.created',
      'upstream.exchanged',
      'call.forwarded',
      'grant.revoked',
      'upstream.revoked',
    ]);
    expect(eventNames()).toEqual(expect.arrayContaining(['broker_key.created', 'broker_key.destroyed']));
    onItsWay.finish({ failed: 'grant_revoked' });
  });

  test('leaves the person’s sign-in, and the grants of others, alive', async () => {
    const [mine, theirs] = [addGrant(bench, bench.connection), addGrant(bench, bench.connection)];
    await call(mine);
    const other = await call(theirs);
    bench.broker.revoke(mine.id);
    await bench.broker.settle();
    expect(other.signal.aborted).toBe(false);
    expect(bench.connections.get(bench.connection.id).state).toBe('signed_in');
    await call(theirs);
    expect(await hasKey(bench, theirs)).toBe(true);
  });

  test('the key stays while the agent has another grant at the connection', async () => {
    const agentId = addAgent(bench);
    const [one, two] = [addGrant(bench, bench.connection, { agentId }), addGrant(bench, bench.connection, { agentId })];
    await call(one);
    await call(two);
    bench.broker.revoke(one.id);
    await bench.broker.settle();
    expect(await hasKey(bench, one)).toBe(true);
    bench.broker.revoke(two.id);
    await bench.broker.settle();
    expect(await hasKey(bench, two)).toBe(false);
  });

  test('twice changes nothing', async () => {
    const grant = addGrant(bench, bench.connection);
    await call(grant);
    bench.broker.revoke(grant.id);
    bench.broker.revoke(grant.id);
    await bench.broker.settle();
    expect(eventNames().filter((name) => name === 'grant.revoked')).toHaveLength(1);
    expect(bench.provider.revoked.size).toBe(1);
  });

  test('all of an agent, all of a connection, or everything', () => {
    const agentId = addAgent(bench);
    const [one, two] = [addGrant(bench, bench.connection, { agentId }), addGrant(bench, bench.connection)];
    expect(bench.broker.revokeAll({ agentId })).toEqual([one.id]);
    expect(bench.broker.revokeAll({ connectionId: bench.connection.id })).toEqual([two.id]);
    const three = addGrant(bench, bench.connection);
    expect(bench.broker.revokeAll({})).toEqual([three.id]);
  });

  test('by its time cuts calls and releases token and key, without anybody calling', async () => {
    const grant = addGrant(bench, bench.connection, { expiresAt: bench.keep.clock.now() + 60_000 });
    const onItsWay = await call(grant);
    await bench.keep.clock.advance(60_000);
    expect(onItsWay.signal.aborted).toBe(true);
    await until(() => bench.broker.upstreamEnd(grant.id) === 'confirmed');
    await bench.broker.settle();
    expect(await hasKey(bench, grant)).toBe(false);
    expect(eventNames()).toContain('grant.expired');
  });

  test('by somebody else who ends the row releases everything too', async () => {
    const grant = addGrant(bench, bench.connection);
    const onItsWay = await call(grant);
    bench.grants.end(grant.id, 'revoked');
    expect(onItsWay.signal.aborted).toBe(true);
    await bench.broker.settle();
    expect(bench.provider.revoked.size).toBe(1);
  });

  test('while the provider is answering an exchange: its token is revoked and not used', async () => {
    const grant = addGrant(bench, bench.connection);
    let revoked = false;
    bench.provider.behaviour.introspection = (honest) => {
      if (!revoked) bench.broker.revoke(grant.id);
      revoked = true;
      return honest;
    };
    await expect(call(grant)).rejects.toMatchObject({ code: 'grant_revoked' });
    await bench.broker.settle();
    expect(bench.provider.revoked.size).toBe(1);
    expect(await hasKey(bench, grant)).toBe(false);
  });

  test('suspending the agent, pausing all, and locking cut calls on their way', async () => {
    const agentId = addAgent(bench);
    const grant = addGrant(bench, bench.connection, { agentId });
    const first = await call(grant);
    bench.agents.suspend(agentId);
    expect(first.signal.reason).toMatchObject({ code: 'agent_suspended' });
    bench.agents.resume(agentId);
    const second = await call(grant);
    bench.agents.pauseAll();
    expect(second.signal.reason).toMatchObject({ code: 'agents_paused' });
    bench.agents.resumeAll();
    const third = await call(grant);
    bench.keep.vault.lock();
    expect(third.signal.reason).toMatchObject({ code: 'vault_locked' });
    third.finish({ failed: 'vault_locked' });
    await bench.keep.unlock();
    await call(grant);
  });
});

describe('the revocation queue', () => {
  test('tries again with growing pauses until the provider says yes', async () => {
    let failures = 3;
    bench.provider.behaviour.revocation = () => (failures-- > 0 ? { status: 503 } : undefined);
    const grant = addGrant(bench, bench.connection);
    await call(grant);
    bench.broker.revoke(grant.id);
    await bench.broker.settle();
    expect(bench.broker.upstreamEnd(grant.id)).toBe('pending');
    const failed = () => eventNames().filter((name) => name === 'upstream.revoke_failed').length;
    for (const [pause, count] of [
      [1_000, 2],
      [3_000, 3],
    ] as const) {
      await bench.keep.clock.advance(pause - 500);
      expect(failed()).toBe(count - 1);
      await bench.keep.clock.advance(600);
      await until(() => failed() === count);
      await bench.broker.settle();
    }
    await bench.keep.clock.advance(10_000);
    await until(() => bench.broker.upstreamEnd(grant.id) === 'confirmed');
    expect(bench.provider.revoked.size).toBe(1);
  });

  test('takes the token’s own end for an answer', async () => {
    bench.provider.behaviour.revocation = () => ({ status: 503 });
    const grant = addGrant(bench, bench.connection);
    await call(grant);
    bench.broker.revoke(grant.id);
    await bench.broker.settle();
    await bench.keep.clock.advance(301_000);
    await bench.broker.settle();
    expect(bench.broker.upstreamEnd(grant.id)).toBe('confirmed');
  });

  test('says when the provider will not revoke, until the token ends by its time', async () => {
    bench.provider.behaviour.revocation = () => ({ status: 400, body: { error: 'unsupported_token_type' } });
    const grant = addGrant(bench, bench.connection);
    await call(grant);
    bench.broker.revoke(grant.id);
    await bench.broker.settle();
    expect(bench.broker.upstreamEnd(grant.id)).toBe('failed');
    await bench.keep.clock.advance(301_000);
    await bench.broker.settle();
    expect(bench.broker.upstreamEnd(grant.id)).toBe('confirmed');
  });

  test('goes on after a restart', async () => {
    bench.provider.behaviour.revocation = () => ({ status: 503 });
    const grant = addGrant(bench, bench.connection);
    await call(grant);
    bench.broker.revoke(grant.id);
    await bench.broker.settle();
    delete bench.provider.behaviour.revocation;
    const again = await bench.restart();
    await bench.keep.clock.advance(2_000);
    await again.keep.unlock();
    await again.broker.settle();
    expect(again.broker.upstreamEnd(grant.id)).toBe('confirmed');
  });

  test('a grant that was ended while locked is revoked upstream at unlock, and its key is gone', async () => {
    const grant = addGrant(bench, bench.connection);
    await call(grant);
    bench.keep.vault.lock();
    bench.broker.revoke(grant.id);
    expect(bench.provider.revoked.size).toBe(0);
    await bench.keep.unlock();
    await bench.broker.settle();
    expect(bench.grants.find(grant.id)?.endedBy).toBe('revoked');
    expect(bench.provider.revoked.size).toBe(1);
    expect(await hasKey(bench, grant)).toBe(false);
  });

  test('a kill between ending the grant and queuing its token loses nothing', async () => {
    const grant = addGrant(bench, bench.connection);
    await call(grant);
    await bench.broker.stop();
    bench.grants.end(grant.id, 'revoked');
    const again = await bench.restart();
    await again.keep.unlock();
    await again.broker.settle();
    expect(again.broker.upstreamEnd(grant.id)).toBe('confirmed');
    expect(await hasKey(again, grant)).toBe(false);
  });
});

describe('a token that a provider gives while the vault is being locked', () => {
  test.each(['exchange', 'introspection'] as const)('during the %s is revoked after the next unlock', async (step) => {
    const grant = addGrant(bench, bench.connection);
    let given: unknown;
    bench.provider.behaviour.exchange = (honest) => {
      given = honest['access_token'];
      if (step === 'exchange') bench.keep.vault.lock();
      return honest;
    };
    bench.provider.behaviour.introspection = (honest) => {
      bench.keep.vault.lock();
      return honest;
    };
    await expect(call(grant)).rejects.toMatchObject({ code: 'vault_locked' });
    await bench.keep.unlock();
    await bench.broker.settle();
    expect([...bench.provider.revoked]).toEqual([given]);
    expect(eventsOf(bench, grant).map(({ event }) => event)).toEqual(['grant.created', 'upstream.exchanged', 'upstream.revoked']);
    bench.provider.behaviour.introspection = (honest) => honest;
    bench.provider.behaviour.exchange = (honest) => honest;
    (await call(grant)).finish({ status: 200 });
  });
});

describe('the broker key', () => {
  test('of a keychain that refuses is destroyed later', async () => {
    const grant = addGrant(bench, bench.connection);
    await call(grant);
    const { keychain } = bench.keep;
    const destroy = keychain.delete.bind(keychain);
    Object.assign(keychain, { delete: () => Promise.reject(new Refusal('keychain_refused', 'locked')) });
    bench.broker.revoke(grant.id);
    await bench.broker.settle();
    expect(await hasKey(bench, grant)).toBe(true);
    Object.assign(keychain, { delete: destroy });
    await bench.keep.clock.advance(31_000);
    await bench.broker.settle();
    expect(await hasKey(bench, grant)).toBe(false);
  });

  test('stays while the last use is on its way', async () => {
    const grant = addGrant(bench, bench.connection, { usesAllowed: 1 });
    const onItsWay = await call(grant);
    await bench.broker.settle();
    expect(await hasKey(bench, grant)).toBe(true);
    onItsWay.finish({ notSent: 'upstream_unreachable' });
    (await call(grant)).finish({ status: 200 });
    await bench.broker.settle();
    expect(await hasKey(bench, grant)).toBe(false);
  });
});
