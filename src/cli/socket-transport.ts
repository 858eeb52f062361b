import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import type { ChangeNoticeView, Transport } from '../contract/client.ts';
import { type CallAnswer, type RefusalView, sessionShape } from '../contract/presence.ts';
import { fromBase64Url } from '../contract/seal-presence.ts';
import { callPrefix, changesPath, sessionHeader, sessionPath } from '../contract/wire.ts';

/** Milliseconds until an answer begins. */
const patience = 15_000;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A transport over the socket of the running app. Rejects when nobody listens there. */
export async function connectSocket(socketPath: string): Promise<Transport> {
  const { status, body } = await post(socketPath, { path: sessionPath, text: '{}' });
  if (status !== 200) throw new Error(refusalIn(body).message);
  const { session, coreKey } = sessionShape.parse(body);
  const headers = { [sessionHeader]: session };
  return {
    session,
    coreKey: fromBase64Url(coreKey),
    async call(operation, envelope): Promise<CallAnswer> {
      const answer = await post(socketPath, { path: `${callPrefix}${operation}`, text: JSON.stringify(envelope), headers });
      return answer.status === 200 ? (answer.body as CallAnswer) : { ok: false, refusal: refusalIn(answer.body) };
    },
    changes: (onNotice, onEnd) => follow({ socketPath, headers }, onNotice, onEnd),
  };
}

interface Post {
  readonly path: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function post(socketPath: string, { path, text, headers = {} }: Post): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method: 'POST', headers: headersFor(text, headers), timeout: patience }, (answer) => {
      readAll(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject);
    });
    call.on('timeout', () => call.destroy(new Error('Counterfoil does not answer.')));
    call.on('error', reject);
    call.end(text);
  });
}

function headersFor(text: string, headers: Readonly<Record<string, string>>): Record<string, string | number> {
  return { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
}

async function readAll(answer: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

/** A problem (RFC 9457) in the words of the contract. */
function refusalIn(body: unknown): RefusalView {
  const { code, detail, hint } = (body ?? {}) as { readonly code?: unknown; readonly detail?: unknown; readonly hint?: unknown };
  if (typeof code !== 'string' || typeof detail !== 'string')
    return { code: 'internal', message: 'Counterfoil gave no usable answer.' };
  return { code, message: detail, ...(typeof hint === 'string' ? { hint } : {}) };
}

interface Stream {
  readonly socketPath: string;
  readonly headers: Readonly<Record<string, string>>;
}

function follow({ socketPath, headers }: Stream, onNotice: (notice: ChangeNoticeView) => void, onEnd: () => void): () => void {
  const call = request({ socketPath, path: changesPath, method: 'POST', headers: headersFor('{}', headers) }, (answer) => {
    const lines = createInterface({ input: answer });
    lines.on('line', (line) => {
      if (line !== '') onNotice(JSON.parse(line) as ChangeNoticeView);
    });
    lines.on('close', onEnd);
  });
  call.on('error', onEnd);
  call.end('{}');
  return () => call.destroy();
}
