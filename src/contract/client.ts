/**
 * The typed client of the contract. It knows operations and presence; how a call travels is a {@link Transport}:
 * signed HTTP from a page, IPC from a window, the socket from the command line.
 */
import { type OperationInput, type OperationName, type OperationOutput, operations } from './operations.ts';
import type { CallAnswer, CallEnvelope, RefusalView } from './presence.ts';
import { sealPresence } from './seal-presence.ts';

export interface ChangeNoticeView {
  readonly topic: string;
  readonly id?: string | undefined;
}

export interface Transport {
  readonly session: string;
  /** Raw HPKE public key of the core. */
  readonly coreKey: Uint8Array;
  call(operation: OperationName, envelope: CallEnvelope): Promise<CallAnswer>;
  /** Ends by the returned function. `onEnd` runs when the core is gone. */
  changes(onNotice: (notice: ChangeNoticeView) => void, onEnd: () => void): () => void;
}

/** A refusal by the core, as thrown by the client. */
export class RefusedError extends Error {
  readonly refusal: RefusalView;
  constructor(refusal: RefusalView) {
    super(refusal.message);
    this.name = 'RefusedError';
    this.refusal = refusal;
  }
}

/** What the person typed for one call: the passphrase or a recovery code, and the passphrase that is to be. */
export type Typed = string | { readonly passphrase: string; readonly newPassphrase: string };

export interface ContractClient {
  /** Calls an operation. Throws {@link RefusedError}. With `typed`, the call carries sealed presence. */
  call<Name extends OperationName>(name: Name, input: OperationInput<Name>, typed?: Typed): Promise<OperationOutput<Name>>;
  changes: Transport['changes'];
}

/** A client over a transport. Answers are checked against the contract's shapes. */
export function createClient(transport: Transport): ContractClient {
  async function send<Name extends OperationName>(name: Name, input: string, presence?: string): Promise<OperationOutput<Name>> {
    const answer = await transport.call(name, presence === undefined ? { input } : { input, presence });
    if (!answer.ok) throw new RefusedError(answer.refusal);
    return operations[name].output.parse(answer.output) as OperationOutput<Name>;
  }
  return {
    changes: transport.changes.bind(transport),
    async call(name, input, typed) {
      const text = JSON.stringify(input);
      if (typed === undefined) return send(name, text);
      const { nonce } = await send('presence.begin', '{}');
      const presence = await sealPresence(transport.coreKey, {
        ...(typeof typed === 'string' ? { passphrase: typed } : typed),
        operation: name,
        input: text,
        session: transport.session,
        nonce,
      });
      return send(name, text, presence);
    },
  };
}
