import type { IncomingMessage } from 'node:http';
import type { Agents } from '../agents/agents.ts';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import type { AgentId, GrantId } from '../base/ids.ts';
import { asId } from '../base/ids.ts';
import type { Grants } from '../grants/grants.ts';
import type { Vault } from '../vault/vault.ts';
import type { CallIdentity } from './authserver.ts';
import type { CallerLimits } from './caller-limits.ts';
import type { Payloads } from './payloads.ts';
import { resourceIdOf, resourceUrl } from './resource-url.ts';
import type { ProofVerifier } from './verify-proof.ts';

export interface AuthenticateDeps {
  readonly payloads: Payloads;
  readonly agents: Agents;
  readonly grants: Grants;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly proofs: ProofVerifier;
  readonly callers: CallerLimits;
  readonly issuer: string;
}

const tokenPattern = /^[A-Za-z0-9._~+/-]{1,512}=*$/;

/**
 * Whose call this is: the token says which grant, the grant row says whether it lives, and the proof says that the caller
 * holds the key of both. @see RFC 9449, section 7.1
 */
export function authenticateCall(request: IncomingMessage, url: string, deps: AuthenticateDeps): Omit<CallIdentity, 'quotaFields'> {
  const token = tokenOf(request);
  if (deps.vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'The person has locked this program.');
  const { grantId, jkt, exp, aud, clientId } = deps.payloads.find('AccessToken', token) ?? {};
  // security: a server on this computer is shown tokens too, and must not spend what is the agent's here
  const isForCalls = typeof aud === 'string' && resourceIdOf(deps.issuer, aud) !== undefined;
  const agent = typeof clientId === 'string' && isForCalls ? asId<AgentId>(clientId) : undefined;
  if (agent !== undefined) deps.callers.chargeAgent(request, agent, 'call');
  const proof = deps.proofs.verify(request, { url, accessToken: token, ...(agent === undefined ? {} : { agent }) });
  if (typeof grantId !== 'string' || typeof exp !== 'number') throw invalidToken('The token is not known here.');
  // RFC 9449, 4.3, check 12, second half: the token is bound to the key of the proof
  if (jkt !== proof.thumbprint) throw new Refusal('key_mismatch', 'The token is bound to another key.');
  if (deps.clock.now() >= exp * 1000) throw invalidToken('The token has expired.');
  const grant = deps.grants.getLive(asId<GrantId>(grantId));
  if (grant.agentJkt !== proof.thumbprint) throw new Refusal('key_mismatch', 'The grant is bound to another key.');
  const audience = resourceUrl(deps.issuer, grant.resourceId);
  if (aud !== audience || !(url === audience || url.startsWith(`${audience}/`)))
    throw invalidToken('The token is for another resource.');
  const { id: agentId } = deps.agents.assertMayAct(asId<AgentId>(grant.agentId));
  deps.payloads.markUsed(token);
  return { agentId, grantId: grant.id };
}

function tokenOf(request: IncomingMessage): string {
  const values = request.headersDistinct['authorization'] ?? [];
  const [value] = values;
  if (value === undefined)
    throw new Refusal('token_missing', 'A token is needed here.', { hint: 'Send Authorization: DPoP and a DPoP proof.' });
  const [scheme, token, ...rest] = value.split(' ');
  // security: RFC 9449, 7.2, a bound token must not pass as a bearer token
  if (
    values.length > 1 ||
    scheme?.toLowerCase() !== 'dpop' ||
    token === undefined ||
    rest.length > 0 ||
    !tokenPattern.test(token)
  ) {
    throw invalidToken('Exactly one Authorization header with the scheme DPoP is accepted.');
  }
  return token;
}

function invalidToken(message: string): Refusal {
  return new Refusal('token_invalid', message, { hint: 'Refresh, or send a new request.' });
}
