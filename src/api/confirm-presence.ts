import { timingSafeEqual } from 'node:crypto';
import type { Audit } from '../audit/audit.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import { hashOf } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
import type { OperationName } from '../contract/operations.ts';
import type { CallEnvelope } from '../contract/presence.ts';
import type { Vault } from '../vault/vault.ts';
import type { PresenceKey } from './presence-key.ts';
import type { Session, Sessions } from './sessions.ts';

export interface ConfirmDeps {
  readonly vault: Vault;
  readonly audit: Audit;
  readonly sessions: Sessions;
  readonly presenceKey: PresenceKey;
}

interface Call {
  readonly session: Session;
  readonly operation: OperationName;
  readonly envelope: CallEnvelope;
}

/** What the person typed, not tried yet. Destroyed by whoever opened it. */
export interface OpenedPresence {
  /** The passphrase, or where the operation wants one a recovery code. */
  readonly passphrase: Secret;
  readonly newPassphrase?: Secret;
}

/**
 * Opens the presence of a call and checks that it was sealed for exactly this call: operation, input, session and a nonce
 * that was not used before (security rule 2). The passphrase in it has not been tried yet; destroy it after use.
 *
 * Refuses `presence_required` when there is none or the session can give none, `presence_failed` when it does not fit.
 */
export async function openPresence(call: Call, deps: ConfirmDeps): Promise<OpenedPresence> {
  const { session, operation, envelope } = call;
  // security: rule 1, a socket can never stand in for the person
  if (session.kind === 'socket') throw refused(deps, operation, { code: 'presence_required', reason: 'socket' });
  if (envelope.presence === undefined) throw refused(deps, operation, { code: 'presence_required', reason: 'missing' });
  const opened = await deps.presenceKey.open(envelope.presence);
  if (!opened) throw refused(deps, operation, { code: 'presence_failed', reason: 'not sealed for this run' });
  const fresh = deps.sessions.useNonce(session, opened.nonce);
  const reason =
    (opened.operation !== operation && 'another operation') ||
    (!isSame(opened.inputDigest, hashOf(envelope.input)) && 'another input') ||
    (!isSame(opened.session, session.id) && 'another session') ||
    (!fresh && 'nonce used or expired');
  if (reason) throw refused(deps, operation, { code: 'presence_failed', reason });
  const passphrase = Secret.fromText(opened.passphrase);
  return opened.newPassphrase === undefined ? { passphrase } : { passphrase, newPassphrase: Secret.fromText(opened.newPassphrase) };
}

/** Confirms that the person is there, for this call only. Refuses as {@link openPresence} and the vault do. */
export async function confirmPresence(call: Call, deps: ConfirmDeps): Promise<void> {
  const typed = await openPresence(call, deps);
  try {
    await recordingWrong(call.operation, deps, () => deps.vault.verifyPassphrase(typed.passphrase));
  } finally {
    destroyTyped(typed);
  }
}

/** Runs what tries a passphrase or a code; a wrong one is written down. */
export async function recordingWrong<Result>(
  operation: OperationName,
  { audit }: Pick<ConfirmDeps, 'audit'>,
  attempt: () => Promise<Result>,
): Promise<Result> {
  try {
    return await attempt();
  } catch (error) {
    if (isRefusal(error, 'passphrase_wrong', 'recovery_code_wrong')) {
      audit.record({ event: 'presence.refused', outcome: 'denied', reason: error.code, facts: { operation } });
    }
    throw error;
  }
}

/** Zeroes what was typed. */
export function destroyTyped({ passphrase, newPassphrase }: Partial<OpenedPresence>): void {
  passphrase?.destroy();
  newPassphrase?.destroy();
}

function refused(
  deps: ConfirmDeps,
  operation: OperationName,
  why: { readonly code: 'presence_required' | 'presence_failed'; readonly reason: string },
): Refusal {
  deps.audit.record({ event: 'presence.refused', outcome: 'denied', reason: why.reason, facts: { operation } });
  if (why.code === 'presence_failed')
    return new Refusal(why.code, 'Your presence could not be confirmed for this.', { hint: 'Try again.' });
  return new Refusal(why.code, 'This needs your passphrase, in the page that asks.', {
    hint: 'Confirm it in the window of Counterfoil.',
  });
}

/** Constant time in what is compared. */
function isSame(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(left)), Buffer.from(hashOf(right)));
}
