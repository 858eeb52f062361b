import { isRefusal, Refusal } from '../base/errors.ts';
import type { SessionId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { isOperationName, type OperationName, operations } from '../contract/operations.ts';
import type { CallAnswer, CallEnvelope, RefusalView } from '../contract/presence.ts';
import { type ConfirmDeps, confirmPresence, destroyTyped, type OpenedPresence, openPresence } from './confirm-presence.ts';
import type { Handlers } from './operation-handlers.ts';
import type { Session } from './sessions.ts';

export interface AnswerDeps extends ConfirmDeps {
  readonly handlers: Handlers;
  readonly log: Log;
}

/** What a handler may know of the one who calls. */
export interface CallContext extends Partial<OpenedPresence> {
  readonly session: Session;
  /** True when presence was confirmed for this very call. */
  readonly present: boolean;
}

/** Where what was typed is itself the point. The vault tries it, once; everywhere else it is tried before the handler runs. */
const handedOver: ReadonlySet<OperationName> = new Set<OperationName>([
  'vault.create',
  'vault.unlock',
  'vault.recover',
  'passphrase.change',
  'recovery.make',
  'recovery.confirm',
]);

/** Where what was typed first is a recovery code. */
const triesCode: ReadonlySet<OperationName> = new Set<OperationName>(['vault.recover', 'recovery.confirm']);

interface IncomingCall {
  readonly session: SessionId;
  readonly operation: string;
  readonly envelope: CallEnvelope;
}

/** Answers one call: session, shape, presence, handler, shape. Never throws. */
export async function answerCall(call: IncomingCall, deps: AnswerDeps): Promise<CallAnswer> {
  try {
    const session = deps.sessions.get(call.session);
    const { operation, input } = readCall(call);
    const answer = async (): Promise<CallAnswer> => {
      const context = await admit({ session, operation, envelope: call.envelope }, deps);
      try {
        const output = await deps.handlers[operation](input as never, context);
        return { ok: true, output: operations[operation].output.parse(output) };
      } finally {
        destroyTyped(context);
      }
    };
    const tries = operations[operation].effect === 'raises' && call.envelope.presence !== undefined;
    return await (tries
      ? session.tries.run(triesCode.has(operation) ? 'recovery_code_wrong' : 'passphrase_wrong', answer)
      : answer());
  } catch (error) {
    return { ok: false, refusal: refusalView(error, { operation: call.operation, log: deps.log }) };
  }
}

function readCall(call: IncomingCall): { readonly operation: OperationName; readonly input: unknown } {
  if (!isOperationName(call.operation)) throw new Refusal('not_found', 'There is no such operation.');
  const parsed = operations[call.operation].input.safeParse(parseJson(call.envelope.input));
  if (!parsed.success) {
    const member = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new Refusal('invalid_input', 'The call is not well-formed.', { detail: `${call.operation} ${member}` });
  }
  return { operation: call.operation, input: parsed.data };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal('invalid_input', 'The call is not JSON.', { cause });
  }
}

/** Security rule 2: whatever raises authority passes here, whichever way the call came. */
async function admit(
  call: { readonly session: Session; readonly operation: OperationName; readonly envelope: CallEnvelope },
  deps: AnswerDeps,
): Promise<CallContext> {
  const { session, operation, envelope } = call;
  if (operations[operation].effect !== 'raises') return { session, present: false };
  if (handedOver.has(operation)) return { session, present: false, ...(await openPresence(call, deps)) };
  // The one exception: for low risk the session that was given the factor is enough; `approvals` judges the risk.
  const bySession = operation === 'approvals.approve' && envelope.presence === undefined && session.unlockedAt !== undefined;
  if (bySession && session.kind !== 'socket') return { session, present: false };
  await confirmPresence(call, deps);
  return { session, present: true };
}

function refusalView(error: unknown, context: { readonly operation: string; readonly log: Log }): RefusalView {
  if (!isRefusal(error)) {
    const stack = error instanceof Error ? error.stack : String(error);
    context.log.error({ operation: context.operation, stack }, 'a call failed');
    return { code: 'internal', message: 'Something went wrong here. The log has more.' };
  }
  if (error.detail !== undefined)
    context.log.info({ operation: context.operation, code: error.code, detail: error.detail }, 'refused');
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  };
}
