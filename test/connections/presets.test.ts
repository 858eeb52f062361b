import { expect, test } from 'vitest';
import { apiPort, authorizationServerPort, clientId, detailTypes, findDetailFault, scopes } from '../../resources/demo/bank.ts';
import { connectionPresets } from '../../src/connections/connections.ts';
import { parseDetails } from '../../src/details/details.ts';

test('the shipped preset names the demonstration exactly as its servers do', () => {
  const [demo] = connectionPresets;
  const api = `http://127.0.0.1:${apiPort}`;
  expect(demo).toMatchObject({ id: 'demo', name: 'Demo Bank', issuer: `http://127.0.0.1:${authorizationServerPort}`, clientId });
  expect(demo?.scopes).toEqual(['openid', 'offline_access', ...scopes]);
  expect(demo?.resources).toEqual([
    {
      id: 'demo',
      name: 'Demo Bank API',
      baseUrl: api,
      indicator: api,
      detailTypes,
      terms: expect.any(Object) as object,
      scopes: [...scopes],
    },
  ]);
  expect(demo?.details?.map((detail) => findDetailFault(detail, api))).toEqual(demo?.details?.map(() => undefined));
  expect(parseDetails(demo?.details ?? [])).toEqual(demo?.details);
});
