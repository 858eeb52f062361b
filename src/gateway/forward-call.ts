import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { AgentId, GrantId } from '../base/ids.ts';
import type { AuthorizedCall } from '../broker/broker.ts';
import type { CallFacts } from '../details/details.ts';
import { checkRequest, type GateRules, readBody } from '../gate/gate.ts';
import { refusedByProvider } from './call-problems.ts';
import { parseTarget, type Target } from './canonical-target.ts';
import type { GatewayDeps } from './gateway.ts';
import { parseCallBody } from './parse-call-body.ts';
import type { UpstreamSender } from './send-upstream.ts';

export interface ForwardCallDeps extends GatewayDeps {
  readonly sender: UpstreamSender;
  readonly rules: GateRules;
  readonly bodyLimit: number;
}

/**
 * One forwarded call, step by step:
 * 1. the gate: Host, Origin, target, method, size · 2. one canonical spelling of the path · 3. whose call it is ·
 * 4. the whole body, parsed for matching · 5. the broker: covered, counted, credential ready · 6. send, stream back.
 */
export async function forwardCall(deps: ForwardCallDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const checked = checkRequest(request, deps.rules);
  response.setHeader('DPoP-Nonce', deps.nonce());
  const target = parseTarget(checked);
  const { quotaFields, ...identity } = await deps.authenticateCall(request, `${deps.issuer}${checked.path}`);
  for (const [name, value] of Object.entries(quotaFields)) response.setHeader(name, value);
  const { body, call } = await authorize(deps, { request, target, grantId: identity.grantId }).catch((error: unknown) => {
    recordRefusal(deps, error, { ...identity, method: request.method ?? '', path: target.path });
    throw error;
  });
  const forwarded = await deps.sender.forward({ call, request, response, body });
  if (forwarded.kind === 'withheld') throw refusedByProvider(forwarded.status);
}

interface Identity {
  readonly grantId: GrantId;
  readonly agentId: AgentId;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly target: Target;
  readonly grantId: GrantId;
}

interface Ready {
  readonly call: AuthorizedCall;
  readonly body: Buffer;
}

async function authorize(deps: ForwardCallDeps, { request, target, grantId }: Asked): Promise<Ready> {
  // security: rule 26, also an encoding that the gate takes for none
  if (request.headers['content-encoding'] !== undefined) {
    throw new Refusal('media_type_refused', 'A body with a Content-Encoding is not accepted.');
  }
  const body = await readBody(request, { maxBytes: deps.bodyLimit, clock: deps.clock });
  const facts: CallFacts = {
    method: request.method ?? '',
    path: target.path,
    query: target.query,
    body: parseCallBody(body, request.headers['content-type']),
    bodyBytes: body.length,
  };
  return { body, call: await deps.broker.authorizeCall(grantId, target.resourceId, facts) };
}

interface RefusedCall extends Identity {
  readonly method: string;
  readonly path: string;
}

function recordRefusal({ audit }: ForwardCallDeps, error: unknown, { grantId, agentId, method, path }: RefusedCall): void {
  const reason = isRefusal(error) ? error.code : 'internal';
  audit.record({ event: 'call.refused', grantId, agentId, outcome: 'denied', reason, facts: { method, path: path.slice(0, 200) } });
}
