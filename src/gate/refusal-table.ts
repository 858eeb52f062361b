import type { RefusalCode } from '../base/errors.ts';
import type { NextStep, OAuthSpelling, RefusalRow } from './refusal-row.ts';

const oauth = (error: string, status: number, section: string): OAuthSpelling => ({ error, status, section });

const invalidRequest = oauth('invalid_request', 400, 'RFC 6749, 5.2');
const invalidGrant = oauth('invalid_grant', 400, 'RFC 6749, 5.2');
const invalidDetails = oauth('invalid_authorization_details', 400, 'RFC 9396, 5');
const invalidProof = oauth('invalid_dpop_proof', 400, 'RFC 9449, 5');
const denied = oauth('access_denied', 403, 'CIBA Core 1.0, 13');
const unavailable = oauth('temporarily_unavailable', 503, 'RFC 6749, 4.1.2.1');
const broken = oauth('server_error', 500, 'RFC 6749, 4.1.2.1');

/** Ours: RFC 9396 names no error for a protected resource, and a wider scope would not help. */
const missingDetails = 'insufficient_authorization_details';

type Step = Pick<RefusalRow, 'next' | 'hint' | 'retryAfterSeconds'>;

const step =
  (next: NextStep) =>
  (hint: string): Step => ({ next, hint });
const correct = step('correct');
const tell = step('tell the person');
const askAgain = step('ask again');
const signAgain = step('sign again');
const refresh = step('refresh');
/** Waits for the interval that the answer to the request named. */
const poll = step('wait');
const wait = (retryAfterSeconds: number, hint: string): Step => ({ next: 'wait', hint, retryAfterSeconds });

type Problem = readonly [status: number, title: string];

const row = ([status, title]: Problem, spelling: OAuthSpelling, after: Step): RefusalRow => ({
  reader: 'agents',
  status,
  title,
  oauth: spelling,
  ...after,
});

/** Met by the person's own programs only. */
const atHome = (status: number, title: string, spelling = denied): RefusalRow => ({
  ...row([status, title], spelling, tell('The person does this in their own window.')),
  reader: 'person',
});

const challenged = (challenge: string | null, of: RefusalRow): RefusalRow => ({ ...of, challenge });

/**
 * Every refusal code once, for every door: problems (RFC 9457), OAuth errors (RFC 6749, 5.2), challenges (RFC 9449, 7.1), how long
 * to wait and what to do next. `src/ERRORS.md` is printed from it, and `/errors` serves the same.
 */
export const refusalTable: Readonly<Record<RefusalCode, RefusalRow>> = {
  // what was asked is not well-formed, not there, or not now
  invalid_input: row([400, 'The request is not well-formed'], invalidRequest, correct('Send a well-formed request.')),
  not_found: row(
    [404, 'Not found'],
    oauth('invalid_request', 404, 'RFC 9110, 15.5.5'),
    correct('Read the metadata for what is offered here.'),
  ),
  conflict: row(
    [409, 'It has changed meanwhile'],
    invalidGrant,
    correct('Read it again; it was used or changed by somebody else.'),
  ),
  too_large: row([413, 'Too large'], oauth('invalid_request', 413, 'RFC 9110, 15.5.14'), correct('Send less.')),
  rate_limited: row(
    [429, 'Too many requests'],
    oauth('temporarily_unavailable', 429, 'RFC 6585, 4'),
    wait(30, 'Wait, then send it again; more requests at the same time will not help.'),
  ),
  starting: row([503, 'Starting'], unavailable, wait(1, 'Wait a moment: this program has just been started.')),
  stopping: row([503, 'Shutting down'], unavailable, wait(5, 'Wait for the next start of this program; what was asked is kept.')),
  internal: row([500, 'Something went wrong here'], broken, tell('Tell the person: the log of this program says more.')),
  // the gate in front of every listener
  host_refused: row(
    [421, 'Refused'],
    oauth('invalid_request', 421, 'RFC 9110, 15.5.20'),
    correct('Use the address in the metadata, exactly.'),
  ),
  origin_refused: row([403, 'Refused'], oauth('invalid_request', 403, 'RFC 9110, 15.5.4'), correct('This is not for web pages.')),
  target_refused: row(
    [400, 'The request target is refused'],
    oauth('invalid_request', 400, 'RFC 9112, 3.2'),
    correct('Send a plain path in one spelling.'),
  ),
  method_refused: row(
    [405, 'Method not offered'],
    oauth('invalid_request', 405, 'RFC 9110, 15.5.6'),
    correct('Use a method that Allow names.'),
  ),
  media_type_refused: row(
    [415, 'Media type not accepted'],
    oauth('invalid_request', 415, 'RFC 9110, 15.5.16'),
    correct('Send another media type, without compression.'),
  ),
  // the person's programs
  session_unknown: atHome(401, 'No such session'),
  session_signature: atHome(401, 'The session could not be verified'),
  presence_required: atHome(403, 'The person must confirm this'),
  presence_failed: atHome(403, 'Presence was not confirmed'),
  passphrase_wrong: atHome(403, 'Not confirmed'),
  passphrase_weak: atHome(422, 'The passphrase is too weak'),
  recovery_code_wrong: atHome(403, 'Not confirmed'),
  recovery_code_mistyped: atHome(422, 'The recovery code is mistyped'),
  too_early: atHome(425, 'Too early', unavailable),
  // the vault and what we keep
  vault_absent: row([503, 'Not set up yet'], unavailable, wait(30, 'Wait until the person has set this program up.')),
  vault_exists: atHome(409, 'Set up already', broken),
  vault_locked: row([503, 'Locked'], unavailable, wait(10, 'Wait until the person unlocks this program; what was asked is kept.')),
  vault_damaged: row([500, 'The vault is damaged'], broken, tell('Tell the person.')),
  data_missing: row([500, 'Data is missing'], broken, tell('Tell the person.')),
  row_tampered: row([500, 'Stored data was changed from outside'], broken, tell('Tell the person: what was changed is not used.')),
  state_gap: row([503, 'Stored data is not what it was'], unavailable, wait(60, 'Wait until the person has said what goes on.')),
  store_failed: row([503, 'The store failed'], unavailable, wait(10, 'Wait, then send it again: nothing was changed.')),
  store_newer: row([500, 'The data was written by a newer version'], broken, tell('Tell the person.')),
  // the machine
  keychain_unavailable: row(
    [503, 'The keychain is unavailable'],
    unavailable,
    wait(30, 'Wait until the keychain of the system answers.'),
  ),
  keychain_refused: row(
    [503, 'The keychain refused'],
    unavailable,
    wait(30, 'Wait until the person lets this program use the keychain.'),
  ),
  port_taken: atHome(500, 'The port is taken', broken),
  already_running: atHome(409, 'Running already', broken),
  launch_failed: atHome(500, 'Could not be started', broken),
  // agents and what they send
  agent_unknown: challenged(
    'invalid_token',
    row([401, 'Unknown agent'], oauth('invalid_client', 401, 'RFC 6749, 5.2'), correct('Register anew, once.')),
  ),
  agent_pending: row(
    [403, 'The agent has not been accepted'],
    oauth('unauthorized_client', 400, 'RFC 6749, 5.2'),
    askAgain('Send a request: its card asks the person about both.'),
  ),
  agent_suspended: row([403, 'The agent is suspended'], denied, tell('Stop: only the person can let this agent go on.')),
  agents_paused: row([503, 'All agents are paused'], unavailable, wait(60, 'Wait until the person lets agents go on.')),
  token_missing: challenged(
    null,
    row(
      [401, 'A token is needed'],
      oauth('invalid_request', 400, 'RFC 7662, 2.1'),
      askAgain('Send Authorization: DPoP with a token, and a DPoP proof.'),
    ),
  ),
  token_invalid: challenged(
    'invalid_token',
    row([401, 'The token is not valid'], invalidGrant, refresh('Refresh once; if that is refused, send a new request.')),
  ),
  proof_required: challenged(
    'invalid_dpop_proof',
    row([401, 'A DPoP proof is needed'], invalidProof, signAgain('Send one DPoP header (RFC 9449, 4).')),
  ),
  proof_invalid: challenged(
    'invalid_dpop_proof',
    row([401, 'The DPoP proof is not valid'], invalidProof, correct('Make the proof as RFC 9449, 4.2 says.')),
  ),
  proof_replayed: challenged(
    'invalid_dpop_proof',
    row(
      [401, 'The DPoP proof was used before'],
      oauth('invalid_dpop_proof', 400, 'RFC 9449, 11.1'),
      signAgain('Sign a new proof for each request.'),
    ),
  ),
  nonce_required: challenged(
    'use_dpop_nonce',
    row(
      [401, 'The proof needs a fresh nonce'],
      oauth('use_dpop_nonce', 400, 'RFC 9449, 8'),
      signAgain('Sign again with the value of the DPoP-Nonce header of this answer.'),
    ),
  ),
  key_mismatch: challenged(
    'invalid_token',
    row(
      [401, 'Another key is bound'],
      oauth('invalid_grant', 400, 'RFC 9449, 5'),
      correct('Use the key that asked; a new key needs a new request.'),
    ),
  ),
  details_invalid: row(
    [400, 'The authorization details are not valid'],
    invalidDetails,
    correct('Ask with details as their type defines them.'),
  ),
  details_unknown_type: row(
    [400, 'Unknown authorization details type'],
    invalidDetails,
    correct('Use a type that the metadata names.'),
  ),
  resource_unknown: row(
    [404, 'Unknown resource'],
    oauth('invalid_target', 400, 'RFC 8707, 2'),
    correct('Use a resource that the metadata names.'),
  ),
  scope_invalid: row(
    [400, 'The scope is not valid'],
    oauth('invalid_scope', 400, 'RFC 6749, 5.2'),
    correct('Ask for openid and for scopes that the details need.'),
  ),
  // approvals
  approval_pending: row(
    [409, 'Not decided yet'],
    oauth('authorization_pending', 400, 'CIBA Core 1.0, 11'),
    poll('Poll again after the interval: the person has not answered yet.'),
  ),
  approval_denied: row(
    [403, 'Denied'],
    oauth('access_denied', 400, 'CIBA Core 1.0, 11'),
    tell('Stop: do not ask for the same again unless the person wants it.'),
  ),
  approval_expired: row(
    [410, 'The request has expired'],
    oauth('expired_token', 400, 'CIBA Core 1.0, 11'),
    askAgain('Send a new request if it is still needed: nobody answered in time.'),
  ),
  approval_decided: row([409, 'Decided already'], invalidGrant, correct('Read it again: it was answered.')),
  card_changed: atHome(409, 'The card has changed', broken),
  narrowing_invalid: atHome(422, 'The answer is not within what was asked', invalidDetails),
  // grants and calls
  grant_revoked: challenged(
    'invalid_token',
    row(
      [401, 'The grant was ended'],
      invalidGrant,
      tell('Stop: the person has ended this. Send a new request only if they want it.'),
    ),
  ),
  grant_expired: challenged('invalid_token', row([401, 'The grant has expired'], invalidGrant, askAgain('Send a new request.'))),
  grant_used_up: challenged(
    missingDetails,
    row([403, 'The grant is used up'], invalidGrant, askAgain('Send a new request for another use.')),
  ),
  call_not_covered: challenged(
    missingDetails,
    row(
      [403, 'The grant does not cover this call'],
      denied,
      askAgain('Ask for the details in required_details; without them no request covers this call.'),
    ),
  ),
  // providers
  connection_signed_out: row(
    [503, 'The person must sign in at the provider'],
    unavailable,
    wait(30, 'Wait until the person has signed in at the provider.'),
  ),
  sign_in_failed: row([502, 'Sign-in at the provider failed'], unavailable, tell('Tell the person.')),
  upstream_unreachable: row(
    [502, 'The provider cannot be reached'],
    unavailable,
    wait(5, 'Wait, then send it again. A call that changes something may have arrived.'),
  ),
  upstream_slow: row(
    [504, 'The provider did not answer in time'],
    unavailable,
    wait(5, 'Look first whether the call took effect, then decide.'),
  ),
  upstream_refused: row(
    [502, 'The provider refused'],
    unavailable,
    tell('Tell the person, unless retry_after says when to try again.'),
  ),
  upstream_wider: row(
    [502, 'The provider gave more than was asked'],
    unavailable,
    tell('Tell the person: what the provider gave is not used.'),
  ),
};
