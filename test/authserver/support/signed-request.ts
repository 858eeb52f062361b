/** A signed authentication request (CIBA Core 1.0, 7.1.1) as an agent's author would write it. */
import { randomUUID } from 'node:crypto';
import { accounts } from '../../details/samples.ts';
import type { StockAgent } from './stock-agent.ts';
import { signJwt } from './stock-agent.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** Every claim that is required, and a question. */
export function requestClaims(agent: StockAgent, more: Claims = {}): Claims {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: agent.id,
    aud: new URL(agent.resource).origin,
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: randomUUID(),
    scope: 'openid accounts',
    login_hint: 'me',
    resource: agent.resource,
    authorization_details: [accounts],
    ...more,
  };
}

export function signedRequest(agent: StockAgent, more: Claims = {}, header: Claims = {}): string {
  return signJwt(agent.key, { alg: 'ES256', ...header }, requestClaims(agent, more));
}
