import type { RefusalCode } from '../base/errors.ts';
import type { NextStep, RefusalRow } from './refusal-row.ts';
import { refusalTable } from './refusal-table.ts';

const row = (
  oauth: readonly [error: string, status: number, section: string],
  title: string,
  after: readonly [NextStep, string],
): RefusalRow => {
  const [error, status, section] = oauth;
  const [next, hint] = after;
  return { reader: 'agents', status, title, oauth: { error, status, section }, next, hint };
};

/** Errors with which the protocol itself refuses, before anything of ours is asked: what the OAuth library makes. */
const ownRows: readonly RefusalRow[] = [
  row(['invalid_request', 400, 'RFC 6749, 5.2'], 'A parameter is missing, repeated, or not as it should be', [
    'correct',
    'Send a well-formed request: error_description names the parameter.',
  ]),
  row(['invalid_client', 401, 'RFC 6749, 5.2'], 'The client assertion was not accepted, or nobody of this name is registered', [
    'correct',
    'Sign a new client assertion (RFC 7523); when that is refused too, register anew, once.',
  ]),
  row(['invalid_grant', 400, 'RFC 6749, 5.2'], 'The auth_req_id or refresh token is unknown, used, or of another agent', [
    'ask again',
    'Stop using it and send a new request.',
  ]),
  row(['unauthorized_client', 400, 'RFC 6749, 5.2'], 'This agent did not register for that', [
    'correct',
    'Register with the grant type or delivery mode that is needed.',
  ]),
  row(['unsupported_grant_type', 400, 'RFC 6749, 5.2'], 'This grant type is not offered', [
    'correct',
    'Use a grant type that the metadata names.',
  ]),
  row(['slow_down', 400, 'CIBA Core 1.0, 11'], 'Polled too fast', [
    'wait',
    'Add five seconds to the interval, for this and all later polls.',
  ]),
  row(['invalid_binding_message', 400, 'CIBA Core 1.0, 13'], 'The message cannot be shown', [
    'correct',
    'Send one short line of visible characters, or none.',
  ]),
  row(['unknown_user_id', 400, 'CIBA Core 1.0, 13'], 'Nobody of this name is here', ['correct', 'Send login_hint=me.']),
  row(['expired_login_hint_token', 400, 'CIBA Core 1.0, 13'], 'The hint has expired', ['correct', 'Send login_hint=me.']),
  row(['missing_user_code', 400, 'CIBA Core 1.0, 13'], 'A user code is needed', [
    'correct',
    'User codes are not offered here; send none.',
  ]),
  row(['invalid_user_code', 400, 'CIBA Core 1.0, 13'], 'The user code is wrong', [
    'correct',
    'User codes are not offered here; send none.',
  ]),
  row(['invalid_request_object', 400, 'RFC 9101, 7'], 'The signed request is not valid', [
    'correct',
    'Sign it as CIBA Core 1.0, 7.1.1 says.',
  ]),
  row(['request_not_supported', 400, 'RFC 9101, 7'], 'Signed requests are not offered', [
    'correct',
    'Send the parameters in the body.',
  ]),
  row(['request_uri_not_supported', 400, 'RFC 9101, 7'], 'Requests by reference are not offered', [
    'correct',
    'Send the parameters in the body.',
  ]),
  row(['registration_not_supported', 400, 'OpenID Connect Core 1.0, 3.1.2.6'], 'Registration in a request is not offered', [
    'correct',
    'Register at the registration endpoint.',
  ]),
  row(['invalid_client_metadata', 400, 'RFC 7591, 3.2.2'], 'The registration asks for what is not offered', [
    'correct',
    'Register as error_description says.',
  ]),
  row(['invalid_redirect_uri', 400, 'RFC 7591, 3.2.2'], 'There are no redirects here', [
    'correct',
    'Register without redirect_uris.',
  ]),
  row(['unsupported_token_type', 400, 'RFC 7009, 2.2.1'], 'This kind of token cannot be revoked or introspected', [
    'correct',
    'Send an access token or a refresh token of this server.',
  ]),
];

/** Errors of the library for which there is a refusal of ours. */
const aliases: Readonly<Record<string, RefusalCode>> = {
  invalid_scope: 'scope_invalid',
  invalid_target: 'resource_unknown',
  invalid_authorization_details: 'details_invalid',
  invalid_dpop_proof: 'proof_invalid',
  use_dpop_nonce: 'nonce_required',
  authorization_pending: 'approval_pending',
  expired_token: 'approval_expired',
  access_denied: 'approval_denied',
  server_error: 'internal',
};

/** One line of the table under the code that bodies carry: a refusal code of ours, or the name of the protocol's own error. */
export interface CodedRow extends RefusalRow {
  readonly code: string;
}

/** The whole table, in the order in which people read it. */
export const codedRows: readonly CodedRow[] = [
  ...ownRows.map((own) => ({ ...own, code: own.oauth.error })),
  ...Object.entries(refusalTable).map(([code, own]) => ({ ...own, code })),
];

const byProtocolError: ReadonlyMap<string, CodedRow> = new Map([
  ...ownRows.map((own) => [own.oauth.error, { ...own, code: own.oauth.error }] as const),
  ...Object.entries(aliases).map(([error, code]) => [error, { ...refusalTable[code], code }] as const),
]);

/** The line for an error of the protocol, or `undefined` for one that nobody has thought about. */
export function findProtocolError(error: string): CodedRow | undefined {
  return byProtocolError.get(error);
}
