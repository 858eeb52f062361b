import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AdapterDeps } from '../../src/authserver/adapter.ts';
import { createAdapter } from '../../src/authserver/adapter.ts';
import { Payloads } from '../../src/authserver/payloads.ts';
import type { Keep } from '../support/open-keep.ts';
import { openKeep } from '../support/open-keep.ts';

let keep: Keep;
let adapterOf: ReturnType<typeof createAdapter>;

beforeEach(async () => {
  keep = await openKeep();
  adapterOf = createAdapter({ payloads: new Payloads(keep), audit: keep.audit } as unknown as AdapterDeps);
});

afterEach(() => keep.close());

const exp = 2e9;

describe("the library's storage", () => {
  test('keeps what was used once for good: a second writer of the same is refused (security rule 18)', async () => {
    const replays = adapterOf('ReplayDetection');
    await replays.upsert('same', { exp, iss: 'agent' });
    await expect(replays.upsert('same', { exp, iss: 'agent' })).rejects.toMatchObject({ error: 'invalid_client' });
  });

  test('lets one of many consume a request', async () => {
    const requests = adapterOf('BackchannelAuthenticationRequest');
    await requests.upsert('id', { exp });
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => requests.consume('id')));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });

  test('does not let a late answer make a spent request redeemable again', async () => {
    const requests = adapterOf('BackchannelAuthenticationRequest');
    await requests.upsert('id', { exp });
    await requests.consume('id');
    await expect(requests.upsert('id', { exp, grantId: 'grant' })).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await requests.find('id')).toHaveProperty('consumed');
  });

  test('finds a row under its own model only', async () => {
    await adapterOf('AccessToken').upsert('id', { exp });
    expect(await adapterOf('RefreshToken').find('id')).toBeUndefined();
    expect(await adapterOf('AccessToken').find('id')).toMatchObject({ jti: 'id', exp });
  });

  test.each(['Session', 'Interaction', 'AuthorizationCode', 'InitialAccessToken'])('has no place for %s', async (model) => {
    await expect(adapterOf(model).upsert('id', {})).rejects.toThrow();
  });
});
