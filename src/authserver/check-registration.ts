import { errors } from 'oidc-provider';
import { hasPrivatePart, parsePublicJwk } from '../base/public-key.ts';
import { isKnownType, knownDetailTypes } from '../details/details.ts';
import { cibaGrantType, offeredGrantTypes } from './library-internals.ts';
import { parseNotificationEndpoint } from './notification-endpoint.ts';
import { isPlainLine } from './plain-line.ts';

type Metadata = Readonly<Record<string, unknown>>;

const longestName = 100;

/** Metadata that would make us fetch something, redirect somebody or hold a shared secret. */
const refusedMembers = ['jwks_uri', 'sector_identifier_uri', 'software_statement', 'client_secret'];

interface RegistrationPolicy {
  /** Whether the person lets agents ask with types that are not known here. */
  readonly acceptUnknownTypes: boolean;
}

const mostDetailTypes = 32;

/**
 * The metadata that an agent gets, from what it asked for: one public key and `private_key_jwt`, CIBA by polling or ping, tokens
 * bound to a key. Members that are not known here are left out (RFC 7591, 2); what contradicts that list is refused with
 * `invalid_client_metadata`.
 */
export function checkRegistration(asked: Metadata, { acceptUnknownTypes }: RegistrationPolicy): Metadata {
  for (const member of refusedMembers) {
    if (asked[member] !== undefined) throw refused(`${member} is not accepted here`);
  }
  assertEmptyList(asked, 'redirect_uris');
  assertEmptyList(asked, 'response_types');
  assertOneOf(asked, 'token_endpoint_auth_method', ['private_key_jwt']);
  assertOneOf(asked, 'id_token_signed_response_alg', ['ES256']);
  assertOneOf(asked, 'subject_type', ['public']);
  if (asked['backchannel_user_code_parameter'] === true) throw refused('backchannel_user_code_parameter is not offered');
  const key = keyOf(asked['jwks']);
  return {
    client_name: nameOf(asked['client_name']),
    jwks: { keys: [key] },
    grant_types: grantTypesOf(asked['grant_types']),
    authorization_details_types: detailTypesOf(asked['authorization_details_types'], acceptUnknownTypes),
    token_endpoint_auth_method: 'private_key_jwt',
    ...deliveryOf(asked),
    ...signingOf(asked['backchannel_authentication_request_signing_alg'], key),
    response_types: [],
    redirect_uris: [],
    id_token_signed_response_alg: 'ES256',
    application_type: 'native',
    // security: no token of ours works without the key, whatever the agent asked for
    dpop_bound_access_tokens: true,
  };
}

/**
 * How the agent hears of an answer. To the library every agent polls: it would take no notification endpoint but an `https` one.
 * {@link shownRegistration} says it in the words of the standard.
 */
function deliveryOf(asked: Metadata): Metadata {
  const mode = asked['backchannel_token_delivery_mode'] ?? 'poll';
  const endpoint = asked['backchannel_client_notification_endpoint'];
  const polls = { backchannel_token_delivery_mode: 'poll' };
  if (mode === 'push')
    throw refused('push is not offered: tokens here are bound to a key, and what is pushed is bound to none. Use poll or ping');
  if (mode !== 'poll' && mode !== 'ping') throw refused('backchannel_token_delivery_mode must be poll or ping');
  if (mode === 'poll') {
    if (endpoint !== undefined) throw refused('backchannel_client_notification_endpoint is for the mode ping');
    return polls;
  }
  if (parseNotificationEndpoint(endpoint) === undefined) {
    throw refused(
      'backchannel_client_notification_endpoint must be http://127.0.0.1:<port> or http://[::1]:<port>, from port 1024 on, and no port of this server',
    );
  }
  return { ...polls, ping_endpoint: endpoint };
}

/** What a registration is answered with, from what the library makes of it. */
export function shownRegistration({ ping_endpoint: endpoint, ...metadata }: Metadata): Metadata {
  if (endpoint === undefined) return metadata;
  return { ...metadata, backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: endpoint };
}

function signingOf(algorithm: unknown, key: Metadata): Metadata {
  if (algorithm === undefined) return {};
  const accepted = parsePublicJwk(key)?.algorithms ?? [];
  if (!accepted.some((one) => one === algorithm)) {
    throw refused(`backchannel_authentication_request_signing_alg must be ${accepted.join(' or ')} with this key`);
  }
  return { backchannel_authentication_request_signing_alg: algorithm };
}

function nameOf(name: unknown): string {
  if (name === undefined) return 'Unnamed program';
  if (typeof name !== 'string' || name.trim() === '' || !isPlainLine(name, longestName)) {
    throw refused(`client_name must be one line of 1-${longestName} visible characters`);
  }
  return name.trim();
}

function keyOf(jwks: unknown): Metadata {
  const keys: unknown = typeof jwks === 'object' && jwks !== null && 'keys' in jwks ? jwks.keys : undefined;
  if (!Array.isArray(keys) || keys.length !== 1) throw refused('jwks must contain exactly one key');
  const jwk: unknown = keys[0];
  if (typeof jwk === 'object' && jwk !== null && hasPrivatePart(jwk as Metadata))
    throw refused('jwks must contain the public key only');
  const key = parsePublicJwk(jwk);
  if (key === undefined) throw refused('the key must be EC P-256 or OKP Ed25519');
  const { kid, use } = jwk as Metadata;
  if (use !== undefined && use !== 'sig') throw refused('the key must be for signatures');
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > 200)) throw refused('kid must be a short string');
  return kid === undefined ? key.jwk : { ...key.jwk, kid };
}

function grantTypesOf(asked: unknown): readonly string[] {
  if (asked === undefined) return offeredGrantTypes;
  if (!Array.isArray(asked) || !asked.includes(cibaGrantType) || asked.some((type) => !offeredGrantTypes.includes(String(type)))) {
    throw refused(`grant_types must contain ${cibaGrantType} and nothing else but refresh_token`);
  }
  return offeredGrantTypes.filter((type) => asked.includes(type));
}

/** RFC 9396, section 10: the types that the agent will use; a request with another one is refused. Default all that are known. */
function detailTypesOf(asked: unknown, acceptUnknown: boolean): readonly string[] {
  if (asked === undefined) return knownDetailTypes();
  if (!Array.isArray(asked) || asked.length > mostDetailTypes) throw refused('authorization_details_types must be a short list');
  const types = [...new Set(asked as readonly unknown[])];
  if (types.every((type) => typeof type === 'string' && (isKnownType(type) || (acceptUnknown && isPlainLine(type, 200))))) {
    return types.map(String);
  }
  throw refused(`authorization_details_types may contain ${knownDetailTypes().join(', ')}`);
}

function assertEmptyList(asked: Metadata, member: string): void {
  const value = asked[member];
  if (value !== undefined && !(Array.isArray(value) && value.length === 0))
    throw refused(`${member} must be empty: there is no redirect here`);
}

function assertOneOf(asked: Metadata, member: string, accepted: readonly string[]): void {
  const value = asked[member];
  if (value !== undefined && !accepted.some((one) => one === value)) throw refused(`${member} must be ${accepted.join(' or ')}`);
}

function refused(description: string): errors.InvalidClientMetadata {
  return new errors.InvalidClientMetadata(description);
}
