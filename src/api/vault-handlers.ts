import { isRefusal, Refusal } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import type { OperationName } from '../contract/operations.ts';
import { readRecoveryCode, writeRecoveryCode } from '../contract/recovery-code.ts';
import { isReplyKey, sealReply } from '../contract/sealed-reply.ts';
import type { CallContext } from './answer-call.ts';
import type { ApiDeps } from './api.ts';
import { recordingWrong } from './confirm-presence.ts';
import type { Handlers } from './operation-handlers.ts';

type VaultOperation = Extract<OperationName, `vault.${string}` | `recovery.${string}` | 'passphrase.change'>;

/** What makes and opens the vault, and what changes the ways to open it. What was typed comes with the call, not tried yet. */
export function vaultHandlers({ vault, audit, clock }: ApiDeps): Pick<Handlers, VaultOperation> {
  const given = (context: CallContext): void => {
    // security: rule 1, unlocked belongs to the session in which the factor was given; a lock in between wins
    if (vault.state() === 'unlocked') context.session.unlockedAt = clock.now();
  };
  /** A refused opening is written down. */
  const opening = async (open: () => Promise<void>): Promise<void> => {
    try {
      await open();
    } catch (error) {
      if (isRefusal(error)) audit.record({ event: 'vault.unlock_failed', outcome: 'denied', reason: error.code });
      throw error;
    }
  };
  return {
    'vault.create': async (_input, context) => {
      await vault.create(typed(context.passphrase));
      audit.record({ event: 'vault.created', approver: 'user', outcome: 'ok' });
      given(context);
      return {};
    },
    'vault.unlock': async (_input, context) => {
      await opening(() => vault.unlock(typed(context.passphrase)));
      given(context);
      return {};
    },
    'vault.lock': () => {
      vault.lock();
      return {};
    },
    'vault.recover': async (_input, context) => {
      await withCode(context, (code) => opening(() => vault.recover(code, typed(context.newPassphrase))));
      audit.record({ event: 'vault.recovered', approver: 'user', outcome: 'ok' });
      given(context);
      return {};
    },
    'passphrase.change': async (_input, { passphrase, newPassphrase }) => {
      const change = (): Promise<void> => vault.changePassphrase(typed(passphrase), newPassphrase ?? Secret.fromText(''));
      await recordingWrong('passphrase.change', { audit }, change);
      audit.record({ event: 'passphrase.changed', approver: 'user', outcome: 'ok' });
      return {};
    },
    'recovery.make': async ({ replyKey }, { passphrase }) => {
      // Before a code is made that nobody could read.
      if (!(await isReplyKey(replyKey))) throw new Refusal('invalid_input', 'The call names no key for the answer.');
      const code = await recordingWrong('recovery.make', { audit }, () => vault.makeRecoveryCode(typed(passphrase)));
      try {
        audit.record({ event: 'recovery_code.made', approver: 'user', outcome: 'ok' });
        return { sealedCode: await sealReply(replyKey, 'recovery.make', code.open(writeRecoveryCode)) };
      } finally {
        code.destroy();
      }
    },
    'recovery.confirm': async (_input, context) => {
      const confirm = (code: Secret): Promise<void> =>
        recordingWrong('recovery.confirm', { audit }, () => vault.confirmRecoveryCode(code));
      await withCode(context, confirm);
      audit.record({ event: 'recovery_code.tested', approver: 'user', outcome: 'ok' });
      return {};
    },
  };
}

function typed(secret: Secret | undefined): Secret {
  if (secret !== undefined) return secret;
  throw new Refusal('invalid_input', 'The call is not well-formed.', { detail: 'nothing typed came with it' });
}

const slips = {
  length: 'That is not the whole code: it has eight groups of five signs.',
  sign: 'There is a sign in it that no recovery code has.',
} as const;

/** Refuses `recovery_code_mistyped` for what cannot be a code; it is not tried and counts as no failure. */
async function withCode(context: CallContext, use: (code: Secret) => Promise<void>): Promise<void> {
  const read = typed(context.passphrase).openText(readRecoveryCode);
  if (!read.ok) {
    const message = read.reason === 'group' ? `There is a slip in group ${read.group}.` : slips[read.reason];
    throw new Refusal('recovery_code_mistyped', message, { hint: 'Compare it with the paper. Nothing was tried yet.' });
  }
  const code = Secret.fromBytes(read.bytes);
  try {
    await use(code);
  } finally {
    code.destroy();
  }
}
