import { type Configuration, type IntrospectionResponse, tokenIntrospection } from 'openid-client';
import type { Secret } from '../base/secret.ts';
import type { CredentialFacts } from './connections.ts';

/** Asks the provider about a token of ours. `undefined` when it does not offer that. */
export async function introspectToken(config: Configuration, token: Secret): Promise<CredentialFacts | undefined> {
  if (config.serverMetadata().introspection_endpoint === undefined) return undefined;
  const answer = await token.openText((text) => tokenIntrospection(config, text, { token_type_hint: 'access_token' }));
  return factsIn(answer);
}

function factsIn(answer: IntrospectionResponse): CredentialFacts {
  const { active, aud, scope, exp } = answer;
  const jkt = memberOf(answer.cnf, 'jkt');
  const actorSubject = memberOf(answer.act, 'sub');
  const details: unknown = answer.authorization_details;
  return {
    active,
    ...(aud !== undefined && { aud }),
    ...(scope !== undefined && { scope }),
    ...(exp !== undefined && { exp }),
    ...(typeof jkt === 'string' && { jkt }),
    ...(typeof actorSubject === 'string' && { actorSubject }),
    ...(Array.isArray(details) && { details: details as readonly unknown[] }),
  };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
