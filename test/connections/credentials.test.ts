import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createConnections } from '../../src/connections/connections.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import { type Bench, exchangeRequest, makeTestKey, openConnections, signIn } from './open-connections.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openConnections();
});
afterEach(() => bench.stop());

/** Past 70 % of the 600 seconds that the bank's token lives. */
const dueMs = 421_000;

const refreshes = () => bench.keep.events().filter((name) => name === 'connection.refreshed').length;

/** Connections anew over the same data: what a restart does. */
async function restarted() {
  const keep = await bench.keep.restart();
  const connections = createConnections({ ...keep, browser: bench.browser, log: bench.log, presets: [demoBankPreset(bench.bank)] });
  await keep.unlock();
  return { keep, connections };
}

describe('the person’s token', () => {
  test('is exchanged for one bound to the agent’s key, naming the agent (RFC 8693)', async () => {
    const connection = await signIn(bench);
    const key = await makeTestKey();
    const credential = await bench.connections.exchange(exchangeRequest(connection, bench, key));
    expect(credential).toMatchObject({ tokenType: 'dpop', scope: 'accounts' });
    expect(String(credential.accessToken)).toBe('[secret]');
    expect(await bench.connections.introspect(connection.id, credential.accessToken)).toMatchObject({
      active: true,
      aud: bench.bank.api,
      jkt: key.jkt,
      actorSubject: 'agent-7',
      details: [{ type: 'account_information', actions: ['list_accounts'] }],
    });
  });

  test('is refreshed once 70 % of its life is over, and not before', async () => {
    const connection = await signIn(bench);
    const key = await makeTestKey();
    await bench.keep.clock.advance(415_000);
    await bench.connections.exchange(exchangeRequest(connection, bench, key));
    expect(refreshes()).toBe(0);
    await bench.keep.clock.advance(10_000);
    await bench.connections.exchange(exchangeRequest(connection, bench, key));
    expect(refreshes()).toBe(1);
  });

  test('is refreshed by one request, however many ask at once', async () => {
    const connection = await signIn(bench);
    const key = await makeTestKey();
    await bench.keep.clock.advance(dueMs);
    await Promise.all(Array.from({ length: 10 }, () => bench.connections.exchange(exchangeRequest(connection, bench, key))));
    expect(refreshes()).toBe(1);
  });

  test('outlives a kill between the refresh and the first use of what it brought', async () => {
    const connection = await signIn(bench);
    const key = await makeTestKey();
    await bench.keep.clock.advance(dueMs);
    const request = exchangeRequest(connection, bench, key);
    // The process "dies" in the exchange, right after the refresh was stored: nothing of it is used.
    const dying = {
      ...request,
      proof: () => {
        throw new Error('killed');
      },
    };
    await expect(bench.connections.exchange(dying)).rejects.toThrow();
    expect(refreshes()).toBe(1);
    const again = await restarted();
    await again.keep.clock.advance(dueMs);
    await again.connections.exchange(exchangeRequest(connection, again, key));
    expect(again.connections.get(connection.id).state).toBe('signed_in');
  });

  test('outlives a lock that falls into the refresh', async () => {
    const connection = await signIn(bench);
    const key = await makeTestKey();
    await bench.keep.clock.advance(dueMs);
    const exchanging = bench.connections.exchange(exchangeRequest(connection, bench, key));
    // The key is imported before the request goes out; lock while the bank is answering.
    await new Promise((resolve) => setImmediate(resolve));
    bench.keep.vault.lock();
    await expect(exchanging).rejects.toMatchObject({ code: 'vault_locked' });
    await bench.keep.unlock();
    await bench.keep.clock.advance(dueMs);
    await bench.connections.exchange(exchangeRequest(connection, bench, key));
    expect(bench.connections.get(connection.id).state).toBe('signed_in');
  });

  test('is refreshed before the next use when the provider did not take it', async () => {
    const connection = await signIn(bench);
    const request = exchangeRequest(connection, bench, await makeTestKey());
    await expect(bench.connections.exchange({ ...request, actorToken: 'nonsense' })).rejects.toMatchObject({
      code: 'upstream_refused',
    });
    await bench.connections.exchange(request);
    expect(refreshes()).toBe(1);
  });

  test('is used to its end while the provider cannot refresh it', async () => {
    const connection = await signIn(bench);
    await bench.keep.clock.advance(dueMs);
    await bench.bank.stop();
    const key = await makeTestKey();
    await expect(bench.connections.exchange(exchangeRequest(connection, bench, key))).rejects.toMatchObject({
      code: 'upstream_unreachable',
    });
    expect(bench.connections.get(connection.id).state).toBe('signed_in');
  });

  test('without a sign-in there is none', async () => {
    const connection = bench.connections.add('demo');
    const key = await makeTestKey();
    await expect(bench.connections.exchange(exchangeRequest(connection, bench, key))).rejects.toMatchObject({
      code: 'connection_signed_out',
    });
  });

  test('cannot be reached while locked', async () => {
    const connection = await signIn(bench);
    const request = exchangeRequest(connection, bench, await makeTestKey());
    bench.keep.vault.lock();
    await expect(bench.connections.exchange(request)).rejects.toMatchObject({ code: 'vault_locked' });
  });

  test('survives a restart', async () => {
    const connection = await signIn(bench);
    const again = await restarted();
    expect(again.connections.list()).toEqual([connection]);
    const credential = await again.connections.exchange(exchangeRequest(connection, again, await makeTestKey()));
    expect(credential.tokenType).toBe('dpop');
  });
});

describe('signing out', () => {
  test('ends the session at the provider and forgets the credentials', async () => {
    const connection = await signIn(bench);
    const credential = await bench.connections.exchange(exchangeRequest(connection, bench, await makeTestKey()));
    await bench.connections.signOut(connection.id);
    expect(bench.connections.get(connection.id)).not.toHaveProperty('account');
    expect(bench.connections.get(connection.id).state).toBe('signed_out');
    expect(bench.keep.store.all('SELECT id FROM connection_credentials')).toEqual([]);
    expect(bench.keep.events()).toEqual(expect.arrayContaining(['connection.signed_out', 'upstream.revoked']));
    // A token that an agent's grant got is ended by the broker, not by this.
    await bench.connections.revoke(connection.id, credential.accessToken);
    expect(await bench.connections.introspect(connection.id, credential.accessToken)).toMatchObject({ active: false });
  });
});
