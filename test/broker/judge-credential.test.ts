import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProviderBehaviour } from '../connections/fake-provider.ts';
import { accountDetail, addGrant, type BrokerBench, eventsOf, listAccounts, openBroker, resourceId } from './open-broker.ts';

let bench: BrokerBench;
beforeEach(async () => {
  bench = await openBroker();
});
afterEach(() => bench.stop());

type Body = Readonly<Record<string, unknown>>;
const answers = (changes: Body): ProviderBehaviour => ({ exchange: (honest) => ({ ...honest, ...changes }) });
const facts = (changes: Body): ProviderBehaviour => ({
  introspection: (honest) => (honest.active === true ? { ...honest, ...changes } : honest),
});
const wider = [{ type: 'account_information', actions: ['list_accounts', 'read_balances'] }];

describe('a token that is more, or other, than was asked is refused, revoked and never used', () => {
  test.each<[string, ProviderBehaviour]>([
    ['a bearer token', answers({ token_type: 'Bearer' })],
    ['a token of another kind', answers({ issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' })],
    ['a wider scope', answers({ scope: 'accounts payments' })],
    ['wider details', answers({ authorization_details: wider })],
    ['details of an unknown type', answers({ authorization_details: [{ type: 'anything' }] })],
    ['details that are none', answers({ authorization_details: ['everything'] })],
    ['a foreign key in cnf', facts({ cnf: { jkt: 'another-key' } })],
    ['no cnf', facts({ cnf: undefined })],
    ['a foreign audience', facts({ aud: 'https://elsewhere.example' })],
    ['a second audience', facts({ aud: ['http://127.0.0.1:9', 'https://elsewhere.example'] })],
    ['no audience', facts({ aud: undefined })],
    ['another actor', facts({ act: { sub: 'somebody' } })],
    ['no actor', facts({ act: undefined })],
    ['a wider scope at introspection', facts({ scope: 'accounts payments' })],
    ['wider details at introspection', facts({ authorization_details: wider })],
    ['no details at introspection', facts({ authorization_details: undefined })],
    ['no detail at all', answers({ authorization_details: [] })],
    ['no detail at all at introspection', facts({ authorization_details: [] })],
    ['an unknown member at introspection', facts({ authorization_details: [{ ...accountDetail, subAccounts: 'all' }] })],
    ['a malformed detail', answers({ authorization_details: [{ type: 'account_information' }] })],
    ['a malformed detail at introspection', facts({ authorization_details: [{ type: 'account_information' }] })],
    ['an inactive token', facts({ active: false })],
  ])('%s (security rules 7 and 9)', async (_what, behaviour) => {
    Object.assign(bench.provider.behaviour, behaviour);
    const grant = addGrant(bench, bench.connection, { usesAllowed: 1 });
    await expect(bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).rejects.toMatchObject({ code: 'upstream_wider' });
    await bench.broker.settle();
    expect(bench.provider.revoked.size).toBe(1);
    expect(bench.grants.getLive(grant.id).usesReserved).toBe(0);
    expect(eventsOf(bench, grant).map(({ event }) => event)).toContain('upstream.refused');
    for (const name of Object.keys(behaviour)) delete bench.provider.behaviour[name as keyof ProviderBehaviour];
    (await bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).finish({ status: 200 });
  });

  test('a narrower token is good', async () => {
    Object.assign(bench.provider.behaviour, answers({ scope: undefined }));
    const grant = addGrant(bench, bench.connection);
    (await bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).finish({ status: 200 });
  });

  test.each<[string, ProviderBehaviour]>([
    [
      'fails',
      {
        introspection: () => {
          throw new Error('broken');
        },
      },
    ],
    ['makes no sense', facts({ scope: 5 })],
  ])('a token whose introspection %s is revoked and not used (security rules 7 and 9)', async (_what, behaviour) => {
    Object.assign(bench.provider.behaviour, behaviour);
    const grant = addGrant(bench, bench.connection);
    await expect(bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).rejects.toThrow();
    await bench.broker.settle();
    expect(bench.provider.revoked.size).toBe(1);
  });

  test('without introspection nothing can be checked, and nothing is used', async () => {
    await bench.stop();
    bench = await openBroker({ behaviour: { metadata: (honest) => ({ ...honest, introspection_endpoint: undefined }) } });
    const grant = addGrant(bench, bench.connection);
    await expect(bench.broker.authorizeCall(grant.id, resourceId, listAccounts)).rejects.toMatchObject({
      code: 'upstream_refused',
    });
    await bench.broker.settle();
    expect(bench.provider.revoked.size).toBe(1);
  });
});
