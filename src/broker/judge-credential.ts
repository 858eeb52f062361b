import { isRefusal } from '../base/errors.ts';
import type { AgentId } from '../base/ids.ts';
import type { CredentialFacts, ExchangedCredential, Resource } from '../connections/connections.ts';
import { coversDetails, type Detail, parseDetails } from '../details/details.ts';
import type { Grant } from '../grants/grants.ts';

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** What a credential must be for: exactly this grant, this key, this agent, this resource. */
export interface Expectation {
  readonly grant: Grant;
  readonly resource: Resource;
  readonly jkt: string;
}

/**
 * Says in what a credential is more, or other, than the grant allows; `undefined` when it is good to use.
 *
 * The provider's answer and what it says at introspection must both be narrow: either may be mistaken.
 */
export function findExcess(credential: ExchangedCredential, facts: CredentialFacts, expected: Expectation): string | undefined {
  const { grant } = expected;
  if (credential.tokenType.toLowerCase() !== 'dpop') return 'token_type';
  if (credential.issuedTokenType !== accessTokenType) return 'issued_token_type';
  // RFC 8693, 2.2.1: an absent scope means the scope that was asked for
  if (credential.scope !== undefined && !isScopeWithin(credential.scope, grant.scopes)) return 'scope';
  if (credential.details !== undefined && !areDetailsWithin(credential.details, grant.details)) return 'authorization_details';
  return findExcessInFacts(facts, expected);
}

function findExcessInFacts(facts: CredentialFacts, { grant, resource, jkt }: Expectation): string | undefined {
  if (!facts.active) return 'inactive';
  if (facts.jkt !== jkt) return 'cnf';
  if (!isOnly(facts.aud, resource.indicator)) return 'aud';
  if (facts.actorSubject !== (grant.agentId satisfies AgentId as string)) return 'act';
  if (!isScopeWithin(facts.scope ?? '', grant.scopes)) return 'introspected scope';
  // Without details in it, nobody upstream holds the token to them (security rule 7).
  if (facts.details === undefined || !areDetailsWithin(facts.details, grant.details)) return 'introspected authorization_details';
  return undefined;
}

function isScopeWithin(scope: string, allowed: readonly string[]): boolean {
  return scope.split(' ').every((name) => name === '' || allowed.includes(name));
}

function isOnly(audience: CredentialFacts['aud'], indicator: string): boolean {
  const audiences = typeof audience === 'string' ? [audience] : (audience ?? []);
  return audiences.length === 1 && audiences[0] === indicator;
}

/** What is empty, or not understood to its last member, is within nothing. */
function areDetailsWithin(details: readonly unknown[], granted: readonly Detail[]): boolean {
  try {
    // security: rule 7
    return coversDetails(parseDetails(details, 'accept'), granted);
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}
