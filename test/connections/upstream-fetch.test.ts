import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { close, listen } from '../../resources/demo/listen.ts';
import { createUpstreamFetch } from '../../src/connections/upstream-fetch.ts';
import { createFakeClock } from '../support/fake-clock.ts';

test('nothing is sent to an origin that the connection is not bound to (security rule 9)', async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end('{}');
  });
  const foreign = await listen(server, 0);
  const send = createUpstreamFetch({ clock: createFakeClock(), timeoutMs: 1_000, origins: ['http://127.0.0.1:9'] });
  const options = { body: undefined, headers: {}, method: 'GET', redirect: 'manual' } as const;
  await expect(send(`${foreign}/token`, options)).rejects.toMatchObject({ code: 'upstream_refused' });
  expect(asked).toBe(0);
  const bound = createUpstreamFetch({ clock: createFakeClock(), timeoutMs: 1_000, origins: [foreign] });
  expect((await bound(`${foreign}/token`, options)).status).toBe(200);
  await close(server);
});
