/**
 * Door: forwarded calls. `ANY /proxy/<resource>/…`: the agent calls as if we were the API, with our token and a proof;
 * the broker checks the call against the grant and lends the upstream credential; the answer streams back.
 *
 * `forward-call.ts` lists the steps in order. Headers pass by allow-list both ways; a path is canonical or refused
 * (security rule 26); redirects are handed back, never followed; a call waits for a slow upstream within its limit.
 *
 * Must never: let an upstream credential, cookie or challenge reach the agent, or send what was not matched.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../base/clock.ts';
import type { AgentId, GrantId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Broker } from '../broker/broker.ts';

export { createGateway } from './create-gateway.ts';

export interface GatewayDeps {
  readonly audit: Audit;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  /** Ours, for example `http://127.0.0.1:7417`. */
  readonly issuer: string;
  /** From the authorization server, joined in `core.ts`. */
  readonly authenticateCall: (
    request: IncomingMessage,
    url: string,
  ) => Promise<{
    readonly grantId: GrantId;
    readonly agentId: AgentId;
    readonly quotaFields: Readonly<Record<string, string>>;
  }>;
  readonly nonce: () => string;
  /** Milliseconds until the upstream's first byte. Default 30,000. */
  readonly upstreamTimeoutMs?: number;
  /** Bytes of a request body. Default 1 MiB: a body is read whole, because it is matched against the grant. */
  readonly maxBodyBytes?: number;
}

export interface Gateway {
  /** Answers everything under `/proxy/`. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  stop(): Promise<void>;
}
