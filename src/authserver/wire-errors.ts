import type { ServerResponse } from 'node:http';
import type { RefusalCode } from '../base/errors.ts';
import { Refusal } from '../base/errors.ts';
import { retryAfterOf, setSecurityHeaders } from '../gate/gate.ts';

/** One refusal as OAuth spells it. */
export interface WireError {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

type Row = readonly [error: string, status: number];

const unavailable: Row = ['temporarily_unavailable', 503]; // RFC 6749, 4.1.2.1; 503 for lack of a status of its own
const denied: Row = ['access_denied', 403]; // CIBA Core 1.0, 13
const broken: Row = ['server_error', 500]; // RFC 6749, 4.1.2.1

/** Every refusal code once, with the section that names the error. */
const wireTable: Readonly<Record<RefusalCode, Row>> = {
  invalid_input: ['invalid_request', 400], // RFC 6749, 5.2
  not_found: ['invalid_request', 404], // RFC 6749, 5.2
  conflict: ['invalid_grant', 400], // RFC 6749, 5.2: it was used in the meantime
  too_large: ['invalid_request', 413], // RFC 9110, 15.5.14
  rate_limited: ['temporarily_unavailable', 429], // RFC 6585, 4
  internal: broken,
  host_refused: ['invalid_request', 421], // RFC 9110, 15.5.20
  origin_refused: ['invalid_request', 403], // RFC 9110, 15.5.4
  target_refused: ['invalid_request', 400], // RFC 9112, 3.2
  method_refused: ['invalid_request', 405], // RFC 9110, 15.5.6
  media_type_refused: ['invalid_request', 415], // RFC 9110, 15.5.16
  session_unknown: denied,
  session_signature: denied,
  presence_required: denied,
  presence_failed: denied,
  passphrase_wrong: denied,
  passphrase_weak: denied,
  recovery_code_wrong: denied,
  recovery_code_mistyped: denied,
  too_early: unavailable,
  vault_absent: unavailable,
  vault_exists: broken,
  vault_locked: unavailable,
  vault_damaged: unavailable,
  data_missing: unavailable,
  row_tampered: broken,
  state_gap: unavailable,
  store_failed: unavailable,
  store_newer: unavailable,
  keychain_unavailable: unavailable,
  keychain_refused: unavailable,
  port_taken: broken,
  already_running: broken,
  launch_failed: broken,
  agent_unknown: ['invalid_client', 401], // RFC 6749, 5.2
  agent_pending: ['unauthorized_client', 400], // RFC 6749, 5.2
  agent_suspended: denied,
  agents_paused: unavailable,
  token_missing: ['invalid_request', 400], // RFC 7662, 2.1
  token_invalid: ['invalid_grant', 400], // RFC 6749, 5.2
  proof_required: ['invalid_dpop_proof', 400], // RFC 9449, 5
  proof_invalid: ['invalid_dpop_proof', 400], // RFC 9449, 5
  proof_replayed: ['invalid_dpop_proof', 400], // RFC 9449, 11.1
  nonce_required: ['use_dpop_nonce', 400], // RFC 9449, 8
  key_mismatch: ['invalid_grant', 400], // RFC 9449, 5
  details_invalid: ['invalid_authorization_details', 400], // RFC 9396, 5
  details_unknown_type: ['invalid_authorization_details', 400], // RFC 9396, 5
  resource_unknown: ['invalid_target', 400], // RFC 8707, 2
  scope_invalid: ['invalid_scope', 400], // RFC 6749, 5.2
  approval_pending: ['authorization_pending', 400], // CIBA Core 1.0, 11
  approval_denied: ['access_denied', 400], // CIBA Core 1.0, 11
  approval_expired: ['expired_token', 400], // CIBA Core 1.0, 11
  approval_decided: ['invalid_grant', 400], // RFC 6749, 5.2
  card_changed: broken,
  narrowing_invalid: ['invalid_authorization_details', 400], // RFC 9396, 5
  grant_revoked: ['invalid_grant', 400], // RFC 6749, 5.2
  grant_expired: ['invalid_grant', 400], // RFC 6749, 5.2
  grant_used_up: ['invalid_grant', 400], // RFC 6749, 5.2
  call_not_covered: denied,
  connection_signed_out: unavailable,
  sign_in_failed: unavailable,
  upstream_unreachable: unavailable,
  upstream_slow: unavailable,
  upstream_refused: unavailable,
  upstream_wider: unavailable,
};

/** What a failure says on an OAuth endpoint. Anything but a {@link Refusal} is a bug and says nothing more than that. */
export function wireErrorOf(error: unknown): WireError {
  const refusal = error instanceof Refusal ? error : new Refusal('internal', 'Something went wrong here.');
  const [code, status] = wireTable[refusal.code];
  const retryAfter = retryAfterOf(refusal);
  return {
    status,
    body: {
      ...refusal.members,
      error: code,
      error_description: descriptionOf(refusal.message),
      ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
      ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
    },
    headers: retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) },
  };
}

/** Answers with an OAuth error where the library is not reached. Stock clients read no other media type. */
export function sendWireError(response: ServerResponse, error: unknown): void {
  const wire = wireErrorOf(error);
  const body = JSON.stringify(wire.body);
  setSecurityHeaders(response);
  if (!response.req.complete) response.setHeader('Connection', 'close');
  response.writeHead(wire.status, {
    ...wire.headers,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** RFC 6749, 5.2 allows printable ASCII without quotation mark and backslash. */
export function descriptionOf(text: string): string {
  return text.replaceAll(/["\\]/g, "'").replaceAll(/[^\x20-\x7e]/g, '?');
}
