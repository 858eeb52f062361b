import { proofAlgorithms } from '../base/proof-algorithms.ts';
import type { Connections } from '../connections/connections.ts';
import { typesPath, typesTaken } from './describe-types.ts';
import { indicatorOf } from './resource-url.ts';
import { requestSigningAlgorithms } from './signed-request.ts';

type Metadata = Readonly<Record<string, unknown>>;

/** Members of the library's document that are true here. */
const kept = [
  'issuer',
  'jwks_uri',
  'registration_endpoint',
  'token_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
  'backchannel_authentication_endpoint',
  'grant_types_supported',
  'scopes_supported',
  'claims_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
  'token_endpoint_auth_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
  'dpop_signing_alg_values_supported',
] as const;

/**
 * The metadata document with nothing in it that does not work (RFC 8414). The library always names an authorization
 * endpoint and what belongs to it.
 */
export function truthfulMetadata(
  document: Metadata,
  served: { readonly issuer: string; readonly connections: Connections },
): Metadata {
  const authentication = { methods: ['private_key_jwt'], algorithms: [...proofAlgorithms] };
  return {
    ...Object.fromEntries(kept.filter((name) => document[name] !== undefined).map((name) => [name, document[name]])),
    claims_supported: ['sub'],
    response_types_supported: [],
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    backchannel_token_delivery_modes_supported: ['poll', 'ping'],
    backchannel_authentication_request_signing_alg_values_supported: [...requestSigningAlgorithms],
    backchannel_user_code_parameter_supported: false,
    introspection_endpoint_auth_methods_supported: authentication.methods,
    introspection_endpoint_auth_signing_alg_values_supported: authentication.algorithms,
    revocation_endpoint_auth_methods_supported: authentication.methods,
    revocation_endpoint_auth_signing_alg_values_supported: authentication.algorithms,
    // RFC 9396, section 10; an empty list is left out (RFC 8414, section 3.2)
    ...(typesTaken(served).length > 0 && { authorization_details_types_supported: typesTaken(served) }),
    // draft-ietf-oauth-rar-metadata-remediation
    authorization_details_types_metadata_endpoint: `${served.issuer}${typesPath}`,
    // RFC 9728, section 4
    protected_resources: served.connections.resources().map((resource) => indicatorOf(served.issuer, resource)),
  };
}
