import type { ChangeNotice } from '../base/changes.ts';
import type { SessionId } from '../base/ids.ts';
import type { CallAnswer, CallEnvelope } from '../contract/presence.ts';
import { type AnswerDeps, answerCall } from './answer-call.ts';
import type { Api, ApiDeps, SessionKind } from './api.ts';
import { DemoRun } from './demo-run.ts';
import { operationHandlers } from './operation-handlers.ts';
import { PresenceKey } from './presence-key.ts';
import { Sessions } from './sessions.ts';

/** The door that answers the contract. */
export function createApi(deps: ApiDeps): Api {
  return new ContractApi(deps);
}

class ContractApi implements Api {
  readonly #deps: ApiDeps;
  readonly #sessions: Sessions;
  readonly #presenceKey = new PresenceKey();
  readonly #answer: AnswerDeps;

  constructor(deps: ApiDeps) {
    this.#deps = deps;
    this.#sessions = new Sessions(deps.clock);
    const handlers = operationHandlers({ ...deps, sessions: this.#sessions, demoRun: new DemoRun(deps) });
    this.#answer = { ...deps, sessions: this.#sessions, presenceKey: this.#presenceKey, handlers };
    deps.vault.onLock(() => this.#sessions.lockAll());
    deps.vault.onFactorsChangedOutside(() =>
      deps.audit.record({ event: 'row.tampered', outcome: 'error', reason: 'the list of factors was changed from outside' }),
    );
  }

  beginSession(kind: SessionKind): { readonly session: SessionId; readonly coreKey: string } {
    return { session: this.#sessions.begin(kind).id, coreKey: this.#presenceKey.publicKey };
  }

  endSession(session: SessionId): void {
    this.#sessions.end(session);
  }

  call(session: SessionId, operation: string, envelope: CallEnvelope): Promise<CallAnswer> {
    return answerCall({ session, operation, envelope }, this.#answer);
  }

  changes(session: SessionId, listener: (notice: ChangeNotice) => void): () => void {
    this.#sessions.get(session);
    return this.#deps.changes.subscribe(listener);
  }
}
