/** A page, or a program with a browser's cookies, tries to be shown a card or to be believed at the listener of the agents. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentRoutes } from '../../src/authserver/create-authserver.ts';
import { systemClock } from '../../src/base/clock.ts';
import { forwardedRoute } from '../../src/gateway/create-gateway.ts';
import { send } from '../api/local-fetch.ts';
import { type OpenCore, openCoreOn } from '../api/open-core.ts';
import { registerAgent, type StockAgent } from '../authserver/support/stock-agent.ts';
import { memoryPlatform } from '../support/memory-platform.ts';

let open: OpenCore<ReturnType<typeof machine>>;
let agent: StockAgent;
const machine = () => ({ ...memoryPlatform(), clock: systemClock });

beforeAll(async () => {
  const platform = machine();
  open = await openCoreOn(platform);
  open.core.connections.add('demo');
  agent = await registerAgent(open.core.issuer);
  await agent.ask();
});
afterAll(() => open.close());

const paths = [
  ...agentRoutes.map(({ path }) => path),
  `${forwardedRoute.path}demo/accounts`,
  '/',
  '/authorize',
  '/auth',
  '/interaction/x',
  '/device',
];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

interface Sending {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function ask(path: string, { method, headers = {}, body = '' }: Sending): Promise<Response> {
  const { host, port } = new URL(open.core.issuer);
  const bytes = Buffer.from(body);
  const form =
    method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(bytes.length) } : {};
  return send({ address: '127.0.0.1', port: Number(port), path, method, headers: { host, ...form, ...headers }, body: bytes });
}

/** What a cross-site navigation carries, one that was typed, and one from a page of this machine. */
const navigation = (site: string) => ({ 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' });
const question = `client_id=x&response_type=code&scope=openid&redirect_uri=${encodeURIComponent('http://127.0.0.1:1/cb')}`;

describe("the agents' listener (security rule 15)", () => {
  test('shows no page, sets no cookie, and leads nowhere, at any address and for any method', async () => {
    for (const path of paths) {
      for (const method of methods) {
        const answer = await ask(path, { method, headers: { accept: 'text/html' } });
        const text = await answer.text();
        expect([path, method, answer.headers.getSetCookie(), answer.headers.get('location')]).toEqual([path, method, [], null]);
        expect(answer.headers.get('content-type') ?? 'none').not.toContain('html');
        expect(text).not.toMatch(/<[a-z!]/i);
      }
    }
  });

  test.each(['cross-site', 'same-site', 'none', 'same-origin'])(
    'a navigation (%s) to where others ask creates no request',
    async (site) => {
      const before = open.core.approvals.listPending().map(({ id }) => id);
      expect(before).toHaveLength(1);
      for (const path of ['/authorize', '/auth', '/bc-authorize', '/register', '/token']) {
        const status = (await ask(`${path}?${question}`, { method: 'GET', headers: navigation(site) })).status;
        expect([403, 404, 405]).toContain(status);
      }
      expect(open.core.approvals.listPending().map(({ id }) => id)).toEqual(before);
      expect(open.windows).toEqual([]);
    },
  );

  test('a cookie is worth nothing: an answer with it is the answer without it', async () => {
    const cookies = ['session=x', '_session=x; _session.sig=y; _interaction=z', `agent=${agent.id}`, 'cf=1; authorization=DPoP x'];
    for (const path of paths) {
      const plain = await ask(path, { method: 'GET' });
      const expected = [plain.status, (await plain.text()).length];
      for (const cookie of cookies) {
        const answer = await ask(path, { method: 'GET', headers: { cookie } });
        expect([path, answer.status, (await answer.text()).length]).toEqual([path, ...expected]);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    }
    expect((await ask('/proxy/demo/accounts', { method: 'GET', headers: { cookie: 'session=x' } })).status).toBe(401);
  });

  test('no answer names the request that waits, its card or its agent', async () => {
    const [pending] = open.core.approvals.listPending();
    for (const path of paths) {
      for (const method of methods) {
        const text = await (await ask(path, { method })).text();
        for (const word of [pending?.id ?? '', agent.id, 'planner']) expect(text).not.toContain(word);
      }
    }
  });
});
