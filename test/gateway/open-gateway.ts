import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { close, listen } from '../../resources/demo/listen.ts';
import { Refusal } from '../../src/base/errors.ts';
import { asId, type GrantId } from '../../src/base/ids.ts';
import { createGateway, type GatewayDeps } from '../../src/gateway/gateway.ts';
import type { Grant } from '../../src/grants/grants.ts';
import { addGrant, type BrokerBench, openBroker } from '../broker/open-broker.ts';
import { type MemoryLog, memoryLog } from '../support/memory-platform.ts';

/** What the provider's API got. */
export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type ApiHandler = (request: ApiRequest, response: ServerResponse) => void;

export interface GatewayBench {
  readonly broker: BrokerBench;
  readonly issuer: string;
  readonly seen: readonly ApiRequest[];
  readonly log: MemoryLog;
  /** What the API answers; `200 {}` unless told otherwise. */
  api: ApiHandler;
  stopApi(): Promise<void>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/**
 * The gateway on a real port over a real broker; the API behind it does as the test says. Who calls is said by the
 * `Authorization` header: `DPoP <grant id>`; proofs are the authorization server's affair and tested there.
 */
export async function openGateway(deps: Partial<GatewayDeps> = {}): Promise<GatewayBench> {
  const apiServer = createServer();
  const api = await listen(apiServer, 0);
  const broker = await openBroker({ api });
  const server = createServer();
  const issuer = await listen(server, 0);
  const log = memoryLog();
  const { audit, clock } = broker.keep;
  const authenticateCall: GatewayDeps['authenticateCall'] = async ({ headers }) => {
    const [, token] = /^DPoP (\S+)$/.exec(headers.authorization ?? '') ?? [];
    if (token === undefined) throw new Refusal('token_missing', 'A token is needed here.');
    if (headers.dpop === undefined) throw new Refusal('nonce_required', 'A fresh nonce is needed.');
    const { id, agentId } = broker.grants.getLive(asId<GrantId>(token));
    return { grantId: id, agentId, quotaFields: {} };
  };
  const gateway = createGateway({
    audit,
    clock,
    log,
    issuer,
    broker: broker.broker,
    authenticateCall,
    nonce: () => 'our-nonce',
    ...deps,
  });
  server.on('request', (request, response) => gateway.handle(request, response));
  const seen: ApiRequest[] = [];
  const bench: GatewayBench = {
    broker,
    issuer,
    seen,
    log,
    api: (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
    stopApi: () => close(apiServer),
    async stop() {
      await gateway.stop();
      await close(server);
      if (apiServer.listening) await close(apiServer);
      await broker.stop();
    },
  };
  serveApi(apiServer, bench, seen);
  return bench;
}

function serveApi(server: Server, bench: GatewayBench, seen: ApiRequest[]): void {
  server.on('request', (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const got = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      seen.push(got);
      bench.api(got, response);
    });
  });
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
  /** The request target exactly as it goes on the wire. */
  readonly path?: string;
}

/** Sends one request exactly as said; nothing is normalised on the way. */
export function send(bench: Pick<GatewayBench, 'issuer'>, options: CallOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(bench.issuer);
    const { method = 'GET', path = '/proxy/demo/accounts', headers = {}, body } = options;
    const outgoing = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Headers of a call for the grant. */
export function as(grant: Grant, more: Record<string, string> = {}): Record<string, string> {
  return { authorization: `DPoP ${grant.id}`, dpop: 'proof', ...more };
}

export function newGrant(bench: GatewayBench, changes: Partial<Grant> = {}): Grant {
  return addGrant(bench.broker, bench.broker.connection, changes);
}

export function problem(answer: Answer): Record<string, unknown> {
  if (answer.headers['content-type'] !== 'application/problem+json') throw new Error(`not a problem: ${answer.body}`);
  return JSON.parse(answer.body) as Record<string, unknown>;
}

export const paymentDetail = {
  type: 'payment_initiation',
  instructedAmount: { currency: 'EUR', amount: '180.00' },
  creditorName: 'Nordwind Office GmbH',
  creditorAccount: { iban: 'DE02120300000000202051' },
};

export const order = JSON.stringify({
  instructedAmount: { currency: 'EUR', amount: '180.00' },
  creditorName: 'Nordwind Office GmbH',
  creditorAccount: { iban: 'DE02120300000000202051' },
});
