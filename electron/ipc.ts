import type { Api } from '../src/api/api.ts';
import type { ChangeNotice } from '../src/base/changes.ts';
import { Refusal } from '../src/base/errors.ts';
import type { SessionId } from '../src/base/ids.ts';
import { type CallAnswer, callEnvelope, type SessionView } from '../src/contract/presence.ts';
import { channels } from './channels.ts';
import type { Contents, IpcEvent, IpcRegistry } from './electron-api.ts';

/** One page's place with the core. It ends with the page: a reload begins a new one, locked (security rule 1). */
interface Channel {
  readonly session: SessionId;
  end(): void;
}

export interface IpcDeps {
  readonly ipc: IpcRegistry;
  readonly api: Pick<Api, 'beginSession' | 'endSession' | 'call' | 'changes'>;
  /** The only origin whose main frame is answered. */
  readonly origin: string;
}

/** Answers the window over IPC, and nobody else. */
export function answerIpc({ ipc, api, origin }: IpcDeps): void {
  const channelsOfPages = new Map<number, Channel>();
  const end = (id: number): void => {
    channelsOfPages.get(id)?.end();
    channelsOfPages.delete(id);
  };

  ipc.handle(channels.begin, async (event): Promise<SessionView> => {
    checkSender(event, origin);
    const known = channelsOfPages.has(event.sender.id);
    end(event.sender.id);
    const { session, coreKey } = api.beginSession('window');
    channelsOfPages.set(event.sender.id, openChannel(api, session, event.sender));
    if (!known) endWithPage(event.sender, () => end(event.sender.id));
    return { session, coreKey };
  });

  ipc.handle(channels.call, async (event, ...values): Promise<CallAnswer> => {
    checkSender(event, origin);
    const [session, operation, envelope] = values;
    const own = channelsOfPages.get(event.sender.id)?.session;
    // security: rule 1
    if (own === undefined || session !== own) return refused('session_unknown', 'This window has no such session.');
    const parsed = callEnvelope.safeParse(envelope);
    if (typeof operation !== 'string' || !parsed.success) return refused('invalid_input', 'This is not a call.');
    return api.call(own, operation, parsed.data);
  });
}

function openChannel(api: IpcDeps['api'], session: SessionId, contents: Contents): Channel {
  const stop = api.changes(session, (notice: ChangeNotice) => {
    if (!contents.isDestroyed()) contents.send(channels.change, notice);
  });
  return {
    session,
    end() {
      stop();
      api.endSession(session);
    },
  };
}

/** Once per page: Electron keeps the same contents over reloads. */
function endWithPage(contents: Contents, end: () => void): void {
  contents.on('destroyed', end);
  contents.on('render-process-gone', end);
  contents.on('did-navigate', end);
}

/** Lets the main frame of our own page through; refuses every other frame and origin. */
function checkSender(event: IpcEvent, origin: string): void {
  const frame = event.senderFrame;
  if (frame === null || frame.parent !== null || frame.origin !== origin) {
    throw new Refusal('origin_refused', 'Refused.', { detail: `IPC from ${frame?.origin ?? 'a frame that is gone'}` });
  }
}

function refused(code: 'session_unknown' | 'invalid_input', message: string): CallAnswer {
  return { ok: false, refusal: { code, message } };
}
