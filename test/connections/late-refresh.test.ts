import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Connection, type Connections, createConnections } from '../../src/connections/connections.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { memoryBrowser, memoryLog } from '../support/memory-platform.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';
import { comeBack, type FakeProvider, startFakeProvider } from './fake-provider.ts';
import { exchangeRequest, makeTestKey } from './open-connections.ts';

let keep: Keep;
let provider: FakeProvider;
let connections: Connections;
let signIns = 0;

beforeEach(async () => {
  signIns = 0;
  keep = await openKeep({ clock: createFakeClock(Date.now()) });
  provider = await startFakeProvider({
    code: (honest) => {
      signIns += 1;
      return { ...honest, access_token: `session-${signIns}` };
    },
  });
  const presets = [demoBankPreset({ issuer: provider.issuer, api: 'http://127.0.0.1:9' })];
  connections = createConnections({ ...keep, browser: memoryBrowser(), log: memoryLog(), presets });
});
afterEach(async () => {
  await connections.stop();
  await provider.stop();
  keep.close();
});

async function signIn(): Promise<Connection> {
  const { id } = connections.add('demo');
  const { authorizationUrl } = await connections.beginSignIn(id);
  await comeBack(provider, authorizationUrl);
  return connections.finished(id);
}

const success = { access_token: 'late', token_type: 'DPoP', expires_in: 600, refresh_token: 'late-refresh' };
const lateAnswers = { success: { body: success }, invalid_grant: { status: 400, body: { error: 'invalid_grant' } } };

/** A refresh whose answer comes after `meanwhile`. */
async function refreshLate(kind: keyof typeof lateAnswers, meanwhile: (connection: Connection) => Promise<unknown>) {
  const connection = await signIn();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<(typeof lateAnswers)[typeof kind]>();
  provider.behaviour.refresh = () => {
    asked.resolve();
    return answer.promise;
  };
  await keep.clock.advance(421_000);
  const request = exchangeRequest(connection, { connections }, await makeTestKey());
  const exchanging = connections.exchange(request).then(
    () => 'exchanged',
    (error: { code: string }) => error.code,
  );
  await asked.promise;
  await meanwhile(connection);
  answer.resolve(lateAnswers[kind]);
  return { outcome: await exchanging, request, connection };
}

const signedOutAndIn = async ({ id }: Connection) => {
  await connections.signOut(id);
  await signIn();
};

test.each([
  ['success', 'out and in', signedOutAndIn],
  ['success', 'in', signIn],
  ['invalid_grant', 'out and in', signedOutAndIn],
  ['invalid_grant', 'in', signIn],
] as const)('a late refresh answer (%s) does not touch the session of who signed %s since', async (kind, _how, meanwhile) => {
  const { request, connection } = await refreshLate(kind, meanwhile);
  expect(connections.get(connection.id).state).toBe('signed_in');
  await connections.exchange(request);
  expect(provider.requests.at(-1)?.form.get('subject_token')).toBe('session-2');
  expect(keep.events()).not.toContain('connection.refreshed');
  expect(provider.revoked.has('late-refresh')).toBe(kind === 'success');
});

test('a refresh answer that comes after signing out is revoked, not kept', async () => {
  const { outcome, connection } = await refreshLate('success', ({ id }) => connections.signOut(id));
  expect(outcome).toBe('connection_signed_out');
  expect(connections.get(connection.id).state).toBe('signed_out');
  expect(provider.revoked.has('late-refresh')).toBe(true);
});

test('a session that the provider has ended is asked for again from the person', async () => {
  const { outcome, request, connection } = await refreshLate('invalid_grant', async () => {});
  expect(outcome).toBe('connection_signed_out');
  expect(connections.get(connection.id).state).toBe('needs_sign_in');
  expect(keep.events().at(-1)).toBe('connection.signed_out');
  expect((await signIn()).state).toBe('signed_in');
  await connections.exchange(request);
});

test('a refresh answer that is not bound to our key is refused, and what it would renew is revoked', async () => {
  const connection = await signIn();
  provider.behaviour.refresh = () => ({ body: { ...success, token_type: 'Bearer' } });
  await keep.clock.advance(421_000);
  const request = exchangeRequest(connection, { connections }, await makeTestKey());
  await expect(connections.exchange(request)).rejects.toMatchObject({ code: 'upstream_refused' });
  expect(provider.revoked.has('late-refresh')).toBe(true);
  expect(keep.events()).not.toContain('connection.refreshed');
});
