import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRefusal } from '../base/errors.ts';
import { sendCallProblem } from './call-problems.ts';
import { type ForwardCallDeps, forwardCall } from './forward-call.ts';
import type { Gateway, GatewayDeps } from './gateway.ts';
import { UpstreamSender } from './send-upstream.ts';

const defaultTimeoutMs = 30_000;
const defaultMaxBodyBytes = 1024 * 1024;

/** Everything that is answered here. Tests attack it. */
export const forwardedRoute = {
  path: '/proxy/',
  prefix: true,
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
} as const;

/** The gateway in front of the broker. */
export function createGateway(deps: GatewayDeps): Gateway {
  return new ProxyGateway(deps);
}

class ProxyGateway implements Gateway {
  readonly #deps: ForwardCallDeps;

  constructor(deps: GatewayDeps) {
    const bodyLimit = deps.maxBodyBytes ?? defaultMaxBodyBytes;
    const sender = new UpstreamSender({ clock: deps.clock, timeoutMs: deps.upstreamTimeoutMs ?? defaultTimeoutMs });
    const routes = [{ ...forwardedRoute, maxBytes: bodyLimit }];
    this.#deps = { ...deps, bodyLimit, sender, rules: { hosts: [new URL(deps.issuer).host], origins: [], routes } };
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    forwardCall(this.#deps, request, response).catch((error: unknown) => {
      if (!isRefusal(error))
        this.#deps.log.error({ error: error instanceof Error ? error.stack : String(error) }, 'forwarded call');
      sendCallProblem(response, error);
    });
  }

  async stop(): Promise<void> {
    await this.#deps.sender.stop();
  }
}
