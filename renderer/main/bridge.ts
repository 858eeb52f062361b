import type { ChangeNoticeView, Transport } from '../../src/contract/client.ts';
import type { OperationName } from '../../src/contract/operations.ts';
import type { CallAnswer, CallEnvelope, SessionView } from '../../src/contract/presence.ts';
import { fromBase64Url } from '../../src/contract/seal-presence.ts';

/** What the preload script of the desktop window offers. Nothing else reaches the page. */
export interface Bridge {
  begin(): Promise<SessionView>;
  call(session: string, operation: OperationName, envelope: CallEnvelope): Promise<CallAnswer>;
  /** Returns the function that ends it. */
  onChange(listener: (notice: ChangeNoticeView) => void): () => void;
}

declare global {
  interface Window {
    readonly counterfoil?: Bridge;
  }
}

/** A transport over IPC. The core lives in the window's own program, so it does not end before the window. */
export async function bridgeTransport(bridge: Bridge): Promise<Transport> {
  const { session, coreKey } = await bridge.begin();
  return {
    session,
    coreKey: fromBase64Url(coreKey),
    call: (operation, envelope) => bridge.call(session, operation, envelope),
    changes: (onNotice) => bridge.onChange(onNotice),
  };
}
