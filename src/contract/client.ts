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

export interface ContractClient {
  /** Calls an operation. Throws {@link RefusedError}. With `passphrase`, the call carries sealed presence. */
  call<Name extends OperationName>(name: Name, input: OperationInput<Name>, passphrase?: string): Promise<OperationOutput<Name>>;
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
    async call(name, input, passphrase) {
      const text = JSON.stringify(input);
      if (passphrase === undefined) return send(name, text);
      const { nonce } = await send('presence.begin', '{}');
      const presence = await sealPresence(transport.coreKey, {
        passphrase,
        operation: name,
        input: text,
        session: transport.session,
        nonce,
      });
      return send(name, text, presence);
    },
  };
}
