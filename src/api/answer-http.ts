import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { SessionId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { callEnvelope } from '../contract/presence.ts';
import { heartbeatMs } from '../contract/wire.ts';
import { sendProblem, setSecurityHeaders } from '../gate/gate.ts';
import type { Api } from './api.ts';

/** Bytes of a request's body on the person's doors. */
export const maxBodyBytes = 96 * 1024;

/** A page that does not read its notices is cut off; it reads everything again when it comes back. */
const maxUnread = 256 * 1024;

/** Reads a JSON body. Refuses `invalid_input`. */
export function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new Refusal('invalid_input', 'The body is not JSON.', { cause });
  }
}

/** Answers one call of the contract: 200 with an answer, whatever it says. */
export async function sendAnswer(
  response: ServerResponse,
  call: { readonly session: SessionId; readonly operation: string; readonly body: Buffer },
  api: Api,
): Promise<void> {
  const envelope = callEnvelope.safeParse(parseBody(call.body));
  if (!envelope.success) throw new Refusal('invalid_input', 'The call is not well-formed.');
  sendJson(response, await api.call(call.session, call.operation, envelope.data));
}

/** Sends a value as JSON, status 200. */
export function sendJson(response: ServerResponse, value: unknown): void {
  setSecurityHeaders(response);
  const text = JSON.stringify(value);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** Streams change notices, one JSON line each, with an empty line now and then so that both ends see the other is there. */
export function streamChanges(
  response: ServerResponse,
  session: SessionId,
  deps: { readonly api: Api; readonly clock: Clock },
): void {
  const { api, clock } = deps;
  const send = (line: string): void => {
    if (response.writableLength > maxUnread) response.destroy();
    else response.write(`${line}\n`);
  };
  const unsubscribe = api.changes(session, (notice) => send(JSON.stringify(notice)));
  setSecurityHeaders(response);
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  send('');
  let cancel = clock.after(heartbeatMs, beat);
  function beat(): void {
    send('');
    cancel = clock.after(heartbeatMs, beat);
  }
  response.once('close', () => {
    unsubscribe();
    cancel();
  });
}

/** Runs a door's work and sends what goes wrong as a problem. A bug is logged and says nothing. */
export function answerOrRefuse(response: ServerResponse, door: { readonly log: Log; readonly work: () => Promise<void> }): void {
  door.work().catch((error: unknown) => {
    if (!isRefusal(error)) door.log.error({ error: error instanceof Error ? error.stack : String(error) }, 'a door failed');
    sendProblem(response, error);
  });
}
