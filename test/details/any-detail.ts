/** Details of every known type and the calls that are near them, from a small world so that comparisons often hold. */
import fc from 'fast-check';
import type { CallFacts, Detail, Terms } from '../../src/details/details.ts';

const place = fc.subarray(['https://a.example/', 'https://b.example/'], { minLength: 1 });

function subset<Value>(...values: readonly Value[]): fc.Arbitrary<Value[]> {
  return fc.subarray([...values], { minLength: 1 }).chain((chosen) => fc.shuffledSubarray(chosen, { minLength: chosen.length }));
}

type Arbitraries = Readonly<Record<string, fc.Arbitrary<unknown>>>;

function detail(type: string, required: Arbitraries, optional: Arbitraries = {}): fc.Arbitrary<Detail> {
  const members: Record<string, fc.Arbitrary<unknown>> = { ...required, ...optional, locations: place };
  return fc.record(members, { requiredKeys: Object.keys(required) }).map((drawn): Detail => ({ ...drawn, type }));
}

const ibans = fc.subarray([{ iban: 'DE02100100109307118603' }, { iban: 'GB33BUKB20201555555555' }]);
const access = fc
  .record({ accounts: ibans, balances: ibans, transactions: ibans }, { requiredKeys: [] })
  .filter((rights) => Object.keys(rights).length > 0);
const amount = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 3 }), fc.constantFrom('', '0'))
  .map(([whole, tenth, zero]) => `${whole}.${tenth}${zero}`);
const instant = fc.constantFrom('2026-11-23T09:00:00Z', '2026-11-24T09:00:00Z', '2026-11-25T00:00:00Z');
const paths = (...literals: readonly string[]) => subset('/**', '/*', '/a/**', '/a/*', ...literals);

export const detailsOf: Readonly<Record<string, fc.Arbitrary<Detail>>> = {
  account_information: fc.oneof(
    detail(
      'account_information',
      { actions: subset('read_balances', 'read_transactions') },
      { identifier: fc.constantFrom('acc-1', 'acc-2') },
    ),
    detail('account_information', { actions: subset('list_accounts', 'read_balances') }, { recurringIndicator: fc.boolean() }),
    detail('account_information', { access }, { recurringIndicator: fc.boolean() }),
  ),
  payment_initiation: detail(
    'payment_initiation',
    {
      instructedAmount: fc.record({ currency: fc.constantFrom('EUR', 'KWD'), amount }),
      creditorName: fc.constantFrom('A', 'B'),
      creditorAccount: fc.constantFrom({ iban: 'DE02100100109307118603' }, { iban: 'GB33BUKB20201555555555' }),
    },
    { remittanceInformationUnstructured: fc.constantFrom('one', 'two'), actions: subset('initiate', 'status', 'cancel') },
  ),
  'app.counterfoil.http-call': detail(
    'app.counterfoil.http-call',
    { actions: subset('GET', 'POST'), paths: paths('/a/b', '/a', '/') },
    { query: subset('page', 'sort'), maxBodyBytes: fc.constantFrom(1, 20, 300) },
  ),
  'app.counterfoil.file-access': detail('app.counterfoil.file-access', {
    actions: subset('list', 'read', 'write', 'delete'),
    paths: paths('/a/b', '/a', '/ü x'),
  }),
  'app.counterfoil.repository': detail(
    'app.counterfoil.repository',
    { actions: subset('read_code', 'write_code', 'read_issues'), repositories: subset('acme/api', 'acme/web') },
    { refs: subset('heads/main', 'tags/v1') },
  ),
  'app.counterfoil.mail': detail(
    'app.counterfoil.mail',
    { actions: subset('list', 'read', 'send') },
    { folders: subset('Inbox', 'Sent'), recipients: subset('@acme.example', 'ada@acme.example') },
  ),
  'app.counterfoil.calendar': detail(
    'app.counterfoil.calendar',
    { actions: subset('read_events', 'create_events') },
    { calendars: subset('Work', 'Home') },
  ).chain((one) =>
    fc
      .record({ from: instant, until: instant }, { requiredKeys: [] })
      .filter(({ from, until }) => from === undefined || until === undefined || from < until)
      .map((window): Detail => ({ ...one, ...window })),
  ),
  'app.counterfoil.mcp-tool-call': detail(
    'app.counterfoil.mcp-tool-call',
    { server: fc.constantFrom('https://mcp.example/mcp', 'https://other.example/mcp'), tools: subset('send', 'search') },
    {
      arguments: fc.record(
        { to: subset<unknown>('ada', 'bob', 1, '1', true), draft: subset<unknown>(true, false) },
        { requiredKeys: [] },
      ),
    },
  ),
  'app.counterfoil.passkey-use': detail(
    'app.counterfoil.passkey-use',
    { relyingParty: fc.constantFrom('shop.example', 'bank.example') },
    { account: fc.constantFrom('ada', 'bob') },
  ),
  'app.counterfoil.credential-use': detail('app.counterfoil.credential-use', {
    credential: fc.constantFrom('Build key', 'Mail key'),
    origins: subset('https://build.example', 'https://mail.example'),
  }),
};

/** Objects of a type that is not known. */
export const unknownDetail: fc.Arbitrary<Detail> = fc
  .record({ a: fc.constantFrom(1, 2), b: fc.subarray(['x', 'y']) }, { requiredKeys: [] })
  .map((members): Detail => ({ ...members, type: 'example.unheard-of' }));

/** What a resource that takes all of them would say. */
export const terms: Terms = {
  'app.counterfoil.file-access': {
    calls: [
      { method: 'GET', path: '/folders/{folder+}', needs: { actions: ['list'], paths: ['/{folder}/*'] } },
      { method: 'GET', path: '/files/{file+}', needs: { actions: ['read'], paths: ['/{file}'] } },
      { method: 'PUT', path: '/files/{file+}', body: true, needs: { actions: ['write'], paths: ['/{file}'] } },
    ],
  },
  'app.counterfoil.repository': {
    calls: [
      {
        method: 'GET',
        path: '/repos/{owner}/{name}/contents',
        query: ['ref'],
        needs: { actions: ['read_code'], repositories: ['{owner}/{name}'], refs: ['{?ref}'] },
      },
      {
        method: 'GET',
        path: '/repos/{owner}/{name}/issues',
        needs: { actions: ['read_issues'], repositories: ['{owner}/{name}'] },
      },
    ],
  },
  'app.counterfoil.mail': {
    calls: [
      { method: 'GET', path: '/folders/{folder}/messages', needs: { actions: ['read'], folders: ['{folder}'] } },
      { method: 'POST', path: '/send', body: true, needs: { actions: ['send'] } },
    ],
  },
  'app.counterfoil.calendar': {
    calls: [
      {
        method: 'GET',
        path: '/calendars/{calendar}/events',
        query: ['from', 'until'],
        needs: { actions: ['read_events'], calendars: ['{calendar}'], from: '{?from}', until: '{?until}' },
      },
    ],
  },
  'app.counterfoil.mcp-tool-call': {
    calls: [{ method: 'POST', path: '/mcp', body: true, needs: { server: 'https://mcp.example/mcp' } }],
  },
};

const order = fc.record(
  {
    instructedAmount: fc.record({ currency: fc.constantFrom('EUR', 'KWD'), amount }),
    creditorName: fc.constantFrom('A', 'B'),
    creditorAccount: fc.constantFrom({ iban: 'DE02100100109307118603' }, { iban: 'GB33BUKB20201555555555' }),
    remittanceInformationUnstructured: fc.constantFrom('one', 'two'),
  },
  { requiredKeys: ['instructedAmount', 'creditorName', 'creditorAccount'] },
);
const toolCall = fc.record({
  jsonrpc: fc.constant('2.0'),
  id: fc.constant(1),
  method: fc.constantFrom('tools/call', 'tools/list'),
  params: fc.record(
    {
      name: fc.constantFrom('send', 'search'),
      arguments: fc.record(
        { to: fc.constantFrom<unknown>('ada', 1, '1', true, { deep: 1 }), draft: fc.boolean() },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['name'] },
  ),
});

interface Near {
  readonly methods: readonly string[];
  readonly paths: readonly string[];
  readonly queries?: readonly string[];
  readonly bodies?: fc.Arbitrary<unknown>;
}

/** Calls that some details of the type cover, and their neighbours. */
const near: Readonly<Record<string, Near>> = {
  account_information: {
    methods: ['GET'],
    paths: ['/accounts', '/stream', '/accounts/acc-1/balances', '/accounts/acc-2/transactions', '/accounts/acc-1'],
  },
  payment_initiation: { methods: ['POST'], paths: ['/payments'], bodies: order },
  'app.counterfoil.http-call': {
    methods: ['GET', 'POST'],
    paths: ['/', '/a', '/a/b', '/a/b/c', '/b'],
    queries: ['page=1', 'page=1&sort=x', 'x=1'],
    bodies: fc.constantFrom<unknown>(undefined, {}),
  },
  'app.counterfoil.file-access': {
    methods: ['GET', 'PUT'],
    paths: ['/files/a', '/files/a/b', '/files/a/b/c', '/files/%C3%BC%20x', '/files/*', '/folders/a'],
    bodies: fc.constantFrom<unknown>(undefined, {}),
  },
  'app.counterfoil.repository': {
    methods: ['GET'],
    paths: ['/repos/acme/api/contents', '/repos/acme/web/issues', '/repos/acme/api/issues'],
    queries: ['ref=heads%2Fmain', 'ref=heads%2Fmain&ref=tags%2Fv1'],
  },
  'app.counterfoil.mail': {
    methods: ['GET', 'POST'],
    paths: ['/folders/Inbox/messages', '/folders/Drafts/messages', '/send'],
    bodies: fc.constantFrom<unknown>(undefined, {}),
  },
  'app.counterfoil.calendar': {
    methods: ['GET'],
    paths: ['/calendars/Work/events', '/calendars/Other/events'],
    queries: ['from=2026-11-23T09:00:00Z', 'from=2026-11-24T09:00:00Z&until=2026-11-25T00:00:00Z', 'from=yesterday'],
  },
  'app.counterfoil.mcp-tool-call': { methods: ['POST'], paths: ['/mcp'], bodies: toolCall },
};

/** Calls near to a type; of a type without calls, any. */
export function callsNear(type: string): fc.Arbitrary<CallFacts> {
  const {
    methods,
    paths,
    queries = [],
    bodies = fc.constant(undefined),
  } = near[type] ?? {
    methods: ['GET', 'POST'],
    paths: ['/', '/a', '/accounts', '/payments', '/mcp'],
  };
  return fc
    .record({
      method: fc.constantFrom(...methods),
      path: fc.constantFrom(...paths),
      query: fc.constantFrom('', '', ...queries),
      body: bodies,
      bodyBytes: fc.constantFrom(1, 20, 300, undefined),
    })
    .map(
      ({ query, bodyBytes, ...call }): CallFacts => ({
        ...call,
        query: new URLSearchParams(query),
        ...(bodyBytes !== undefined && { bodyBytes }),
      }),
    );
}
