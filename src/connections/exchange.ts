import { type Configuration, customFetch, genericGrantRequest, type TokenEndpointResponse } from 'openid-client';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import type { ExchangedCredential, ExchangeRequest } from './connections.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const jwtType = 'urn:ietf:params:oauth:token-type:jwt';
/** A provider that does not say how long the token lives is taken to mean one minute. Seconds. */
const assumedLifeSeconds = 60;

interface Exchange {
  readonly clock: Clock;
  /** A configuration of its own: its `fetch` is replaced. */
  readonly config: Configuration;
  readonly subjectToken: string;
  readonly request: ExchangeRequest;
}

/**
 * Sends one token exchange, with the proof that the caller signs. Form only is checked here.
 * @see RFC 8693, section 2 · RFC 9449, section 5
 */
export async function exchangeToken({ clock, config, subjectToken, request }: Exchange): Promise<ExchangedCredential> {
  addProofs(config, request.proof);
  const answer = await genericGrantRequest(config, exchangeGrant, {
    subject_token: subjectToken,
    subject_token_type: accessTokenType,
    actor_token: request.actorToken,
    actor_token_type: jwtType,
    requested_token_type: accessTokenType,
    resource: request.resource.indicator,
    scope: request.scopes.join(' '),
    authorization_details: JSON.stringify(request.details),
  });
  return credentialIn(answer, clock);
}

/** openid-client signs proofs with a key it holds; ours stays in the broker, so its proofs are added on the way out. */
function addProofs(config: Configuration, proof: ExchangeRequest['proof']): void {
  const send = config[customFetch];
  if (!send) throw new Error('a configuration without a fetch');
  config[customFetch] = async (url, options) => {
    const signed = (nonce?: string): typeof options => ({
      ...options,
      headers: { ...options.headers, dpop: proof({ method: options.method, url, ...(nonce !== undefined && { nonce }) }) },
    });
    const answer = await send(url, signed());
    const nonce = answer.headers.get('dpop-nonce');
    if (nonce === null || !(await wantsNonce(answer))) return answer;
    return send(url, signed(nonce));
  };
}

async function wantsNonce(answer: Response): Promise<boolean> {
  if (answer.status !== 400 && answer.status !== 401) return false;
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => undefined);
  return typeof body === 'object' && body !== null && 'error' in body && body.error === 'use_dpop_nonce';
}

function credentialIn(answer: TokenEndpointResponse, clock: Clock): ExchangedCredential {
  const { issued_token_type: issuedTokenType, authorization_details: details } = answer;
  if (typeof issuedTokenType !== 'string' || (details !== undefined && !Array.isArray(details))) {
    throw new Refusal('upstream_refused', 'The provider answered an exchange wrongly.');
  }
  return {
    accessToken: Secret.fromText(answer.access_token),
    tokenType: answer.token_type,
    issuedTokenType,
    expiresAt: clock.now() + (answer.expires_in ?? assumedLifeSeconds) * 1000,
    ...(answer.scope !== undefined && { scope: answer.scope }),
    ...(details !== undefined && { details: details }),
  };
}
