/**
 * The Demo Bank's API: a protected resource that trusts nobody. Every call needs a DPoP-bound token for exactly this API,
 * a proof with a fresh nonce, the scope, and one `authorization_details` object that covers the call. It asks the
 * authorization server about each token, and each answer shows the `act` and the details that it saw.
 *
 * `node resources/demo/api.ts [--port 7421] [--issuer http://127.0.0.1:7420] [--state <folder>]`
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { accounts, balances, transactions } from './accounts.ts';
import {
  type AccountAction,
  apiClientId,
  apiPort,
  authorizationServerPort,
  type BankDetail,
  isAtMost,
  isWithin,
  type PaymentInitiation,
  paymentFault,
} from './bank.ts';
import { createProofCheck, type ProofCheck } from './check-proof.ts';
import { Documents, documentCall } from './documents.ts';
import { close, createDemoServer, listen, type RunningServer, type TlsIdentity } from './listen.ts';
import { isRecord } from './read-json.ts';
import { apiSecretIn, defaultStateFolder } from './state-file.ts';

export interface ApiOptions {
  /** Default: plain HTTP. */
  readonly tls?: TlsIdentity;
  /** 0 takes any free port. */
  readonly port: number;
  /** The authorization server; asked for when the first call comes, so that either may start first. */
  readonly issuer: () => string;
  readonly apiSecret: string;
  /** Runs before each call is looked at; tests count and delay with it. */
  readonly onCall?: (request: IncomingMessage) => void | Promise<void>;
}

interface Api extends ApiOptions {
  readonly url: string;
  readonly proofs: ProofCheck;
  /** Hashes of tokens whose payment was made: a payment right is for one payment. */
  readonly spent: Set<string>;
  readonly documents: Documents;
}

/** What introspection said about the caller. */
interface Caller {
  readonly token: string;
  readonly sub: string;
  readonly act?: unknown;
  readonly scopes: readonly string[];
  readonly details: readonly BankDetail[];
}

/** An answer that is a no. */
class ApiRefusal extends Error {
  readonly status: number;
  readonly challenge: string | undefined;
  constructor(status: number, message: string, challenge?: string) {
    super(message);
    this.status = status;
    this.challenge = challenge;
  }
}

export async function startApi(options: ApiOptions): Promise<RunningServer> {
  const server = createDemoServer(options.tls);
  const url = await listen(server, options.port);
  const api: Api = { ...options, url, proofs: createProofCheck(), spent: new Set(), documents: new Documents() };
  server.on('request', (request, response) => {
    answer(api, request, response).catch((error: unknown) => sendError(response, error));
  });
  return { url, stop: () => close(server) };
}

async function answer(api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (path === '/health') return send(response, 200, { name: 'demo-bank-api' });
  await api.onCall?.(request);
  response.setHeader('dpop-nonce', api.proofs.nonce());
  const caller = await identify(api, request, `${api.url}${path}`);
  const seen = { sub: caller.sub, act: caller.act, scope: caller.scopes.join(' '), authorization_details: caller.details };
  if (request.method === 'POST' && path === '/payments') {
    return send(response, 201, { ...(await pay(api, request, caller)), seen });
  }
  const asked = await askedDocument(api, request);
  if (asked) {
    allow(caller, asked.scope, (detail) =>
      isWithin({ ...asked.needed, locations: [api.url] }, { ...detail, locations: [api.url] }),
    );
    const { status, body } = asked.run();
    return send(response, status, { ...body, seen });
  }
  if (request.method !== 'GET') throw new ApiRefusal(405, 'not that method here');
  if (path === '/stream') return stream(request, response, { caller, seen });
  return send(response, 200, { ...readAccounts(path, caller), seen });
}

async function identify(api: Api, request: IncomingMessage, url: string): Promise<Caller> {
  const [, token] = /^DPoP ([\w\-.~+/]+=*)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw new ApiRefusal(401, 'a DPoP-bound token is required', 'DPoP algs="ES256"');
  const proof = await api.proofs.check(request, url, token);
  if ('error' in proof) {
    throw new ApiRefusal(401, proof.reason, `DPoP algs="ES256", error="${proof.error}", error_description="${proof.reason}"`);
  }
  const facts = await introspect(api, token);
  const rightKey = isRecord(facts.cnf) && facts.cnf.jkt === proof.jkt;
  if (facts.active !== true || facts.aud !== api.url || facts.token_type !== 'DPoP' || !rightKey) {
    throw new ApiRefusal(401, 'this token is not good here', 'DPoP algs="ES256", error="invalid_token"');
  }
  return {
    token,
    sub: String(facts.sub),
    act: facts.act,
    scopes: typeof facts.scope === 'string' ? facts.scope.split(' ') : [],
    details: Array.isArray(facts.authorization_details) ? (facts.authorization_details as BankDetail[]) : [],
  };
}

async function introspect(api: Api, token: string): Promise<Readonly<Record<string, unknown>>> {
  const credentials = Buffer.from(`${apiClientId}:${encodeURIComponent(api.apiSecret)}`).toString('base64');
  const answered = await fetch(`${api.issuer()}/token/introspection`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
    signal: AbortSignal.timeout(5000),
  }).catch(() => undefined);
  const facts: unknown = answered?.ok ? await answered.json() : undefined;
  if (!isRecord(facts)) throw new ApiRefusal(503, 'cannot ask about the token now');
  return facts;
}

function allow(caller: Caller, scope: string, covers: (detail: BankDetail) => boolean): BankDetail {
  const insufficient = `DPoP algs="ES256", error="insufficient_scope", scope="${scope}"`;
  if (!caller.scopes.includes(scope)) throw new ApiRefusal(403, `the token lacks the scope ${scope}`, insufficient);
  const detail = caller.details.find(covers);
  if (!detail) throw new ApiRefusal(403, 'no authorization detail of the token covers this call', insufficient);
  return detail;
}

function allowAccount(caller: Caller, action: AccountAction, account?: string): BankDetail {
  return allow(
    caller,
    'accounts',
    (detail) =>
      detail.type === 'account_information' &&
      detail.actions.includes(action) &&
      (account === undefined || detail.identifier === undefined || detail.identifier === account),
  );
}

function readAccounts(path: string, caller: Caller): Readonly<Record<string, unknown>> {
  if (path === '/accounts') {
    const detail = allowAccount(caller, 'list_accounts');
    const only = detail.type === 'account_information' ? detail.identifier : undefined;
    return { accounts: accounts.filter(({ id }) => only === undefined || id === only) };
  }
  const [, id = '', part] = /^\/accounts\/([\w-]{1,40})\/(balances|transactions)$/.exec(path) ?? [];
  if (part === undefined) throw new ApiRefusal(404, 'nothing here');
  allowAccount(caller, part === 'balances' ? 'read_balances' : 'read_transactions', id);
  const account = accounts.find((one) => one.id === id);
  if (!account) throw new ApiRefusal(404, 'no such account');
  const { currency } = account;
  return part === 'balances' ? { balances: [{ currency, amount: balances[id] }] } : { transactions: transactions[id] };
}

async function pay(api: Api, request: IncomingMessage, caller: Caller): Promise<Readonly<Record<string, unknown>>> {
  const order = await readOrder(request);
  allow(caller, 'payments', (detail) => detail.type === 'payment_initiation' && isOrdered(order, detail));
  const token = createHash('sha256').update(caller.token).digest('base64url');
  if (api.spent.has(token))
    throw new ApiRefusal(403, 'this token has made its payment', 'DPoP algs="ES256", error="insufficient_scope"');
  api.spent.add(token);
  return { payment: { id: `pay-${api.spent.size}`, status: 'accepted', ...order } };
}

type Order = Omit<PaymentInitiation, 'type' | 'actions' | 'locations'>;

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > 16_384) throw new ApiRefusal(413, 'too large');
  }
  return text;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiRefusal(400, 'not JSON');
  }
}

/** A call to documents, rates or notes. */
async function askedDocument(api: Api, request: IncomingMessage): Promise<ReturnType<typeof documentCall>> {
  const { pathname, searchParams } = new URL(request.url ?? '/', api.url);
  const text = await readBody(request);
  const call = {
    method: request.method ?? '',
    path: pathname,
    query: searchParams,
    body: text === '' ? undefined : parseBody(text),
    bodyBytes: Buffer.byteLength(text),
  };
  return documentCall(call, api.documents);
}

async function readOrder(request: IncomingMessage): Promise<Order> {
  const order = parseBody(await readBody(request));
  const known = ['instructedAmount', 'creditorName', 'creditorAccount', 'remittanceInformationUnstructured'];
  if (!isRecord(order) || Object.keys(order).some((member) => !known.includes(member)))
    throw new ApiRefusal(400, 'not a payment order');
  const fault = paymentFault(order);
  if (fault !== undefined) throw new ApiRefusal(400, `not a payment order: ${fault}`);
  return order as unknown as Order;
}

function isOrdered(order: Order, detail: PaymentInitiation): boolean {
  const { remittanceInformationUnstructured: text } = detail;
  return (
    isAtMost(order.instructedAmount, detail.instructedAmount) &&
    order.creditorName === detail.creditorName &&
    order.creditorAccount.iban === detail.creditorAccount.iban &&
    (text === undefined || order.remittanceInformationUnstructured === text)
  );
}

/** Server-sent events, one every `every` milliseconds, `count` of them. */
function stream(request: IncomingMessage, response: ServerResponse, { caller, seen }: { caller: Caller; seen: unknown }): void {
  allow(caller, 'accounts', (detail) => detail.type === 'account_information');
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
  const count = Math.min(10_000, Number(query.get('count') ?? 40) || 40);
  const every = Math.max(5, Number(query.get('every') ?? 250) || 250);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let sent = 0;
  const sendOne = (): void => {
    sent += 1;
    response.write(`event: tick\ndata: ${JSON.stringify(sent === 1 ? { tick: sent, seen } : { tick: sent })}\n\n`);
    if (sent >= count) response.end();
  };
  sendOne();
  const timer = setInterval(sendOne, every);
  response.once('close', () => clearInterval(timer));
  response.once('finish', () => clearInterval(timer));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const refusal = error instanceof ApiRefusal ? error : new ApiRefusal(500, 'something broke');
  if (!(error instanceof ApiRefusal)) console.error('[demo bank api]', error);
  if (refusal.challenge !== undefined) response.setHeader('www-authenticate', refusal.challenge);
  send(response, refusal.status, { error: refusal.message });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, issuer: { type: 'string' }, state: { type: 'string' } },
  });
  const issuer = values.issuer ?? `http://127.0.0.1:${authorizationServerPort}`;
  const apiSecret = apiSecretIn(values.state ?? defaultStateFolder());
  const running = await startApi({ port: Number(values.port ?? apiPort), issuer: () => issuer, apiSecret });
  console.log(`Demo Bank API at ${running.url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void running.stop().then(() => process.exit(0)));
}
