/**
 * The closed list of refusals. A code is what programs react to; the message is what a person or an agent reads.
 * What each says on the wire stands in one table, `gate/refusal-table.ts`.
 */
export const refusalCodes = [
  // what was asked is not well-formed, not there, or not now
  'invalid_input',
  'not_found',
  'conflict',
  'too_large',
  'rate_limited',
  'starting',
  'stopping',
  'internal',
  // the gate in front of every listener
  'host_refused',
  'origin_refused',
  'target_refused',
  'method_refused',
  'media_type_refused',
  // the person's programs
  'session_unknown',
  'session_signature',
  'presence_required',
  'presence_failed',
  'passphrase_wrong',
  'passphrase_weak',
  'recovery_code_wrong',
  'recovery_code_mistyped',
  'too_early',
  // the vault and what we keep
  'vault_absent',
  'vault_exists',
  'vault_locked',
  'vault_damaged',
  'data_missing',
  'row_tampered',
  'state_gap',
  'store_failed',
  'store_newer',
  // the machine
  'keychain_unavailable',
  'keychain_refused',
  'port_taken',
  'already_running',
  'launch_failed',
  // agents and what they send
  'agent_unknown',
  'agent_pending',
  'agent_suspended',
  'agents_paused',
  'token_missing',
  'token_invalid',
  'proof_required',
  'proof_invalid',
  'proof_replayed',
  'nonce_required',
  'key_mismatch',
  'details_invalid',
  'details_unknown_type',
  'resource_unknown',
  'scope_invalid',
  // approvals
  'approval_pending',
  'approval_denied',
  'approval_expired',
  'approval_decided',
  'card_changed',
  'narrowing_invalid',
  // grants and calls
  'grant_revoked',
  'grant_expired',
  'grant_used_up',
  'call_not_covered',
  // providers
  'connection_signed_out',
  'sign_in_failed',
  'upstream_unreachable',
  'upstream_slow',
  'upstream_refused',
  'upstream_wider',
] as const;

export type RefusalCode = (typeof refusalCodes)[number];

export interface RefusalOptions {
  /** For our log only. Never leaves the process. */
  readonly detail?: string;
  /** Seconds until trying again makes sense. */
  readonly retryAfterSeconds?: number;
  /** What the caller can do next, in one sentence. May be read by anyone. */
  readonly hint?: string;
  /** Further members for the wire, for example `required_details`. Names no secret and repeats no input. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * A "no" that somebody can act on. Thrown, never returned.
 *
 * The message may be read by anyone: it names no secret and repeats no input.
 */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly hint: string | undefined;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: RefusalCode, message: string, options: RefusalOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'Refusal';
    this.code = code;
    this.detail = options.detail;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.hint = options.hint;
    this.members = options.members ?? {};
  }
}

/** True for a {@link Refusal}, optionally with one of the given codes. */
export function isRefusal(error: unknown, ...codes: readonly RefusalCode[]): error is Refusal {
  return error instanceof Refusal && (codes.length === 0 || codes.includes(error.code));
}
