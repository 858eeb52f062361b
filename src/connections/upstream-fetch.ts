import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { CustomFetch } from 'openid-client';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import { ProviderAnswer } from './provider-answer.ts';
import type { ProviderSockets } from './provider-sockets.ts';
import { slow } from './upstream-errors.ts';

interface FetchLimits {
  readonly clock: Clock;
  readonly sockets: ProviderSockets;
  /** Milliseconds for one request with its whole answer. */
  readonly timeoutMs: number;
  /** Origins that may be asked; nothing is sent to any other. */
  readonly origins: readonly string[];
}

/** More than any metadata document or token answer needs. */
const maxBytes = 256 * 1024;

/**
 * A `fetch` for talking to a provider: only to bound origins, without redirects, limited in time and size. Every piece of
 * memory that it has in hand is overwritten: requests and answers carry tokens (goal M1).
 *
 * Refuses `upstream_slow`, and `upstream_refused` for an answer that is too large or encoded, and for a foreign origin.
 */
export function createUpstreamFetch(limits: FetchLimits): CustomFetch {
  return async (address, options) => {
    const url = new URL(address);
    // security: rule 9, metadata proposes endpoints and never binds an origin
    if (!limits.origins.includes(url.origin)) {
      throw new Refusal('upstream_refused', 'The provider names a foreign address.', { detail: url.origin });
    }
    const late = new AbortController();
    const cancelTimer = limits.clock.after(limits.timeoutMs, () => late.abort());
    try {
      return await ask(limits.sockets, url, { ...options, signal: late.signal });
    } catch (error) {
      if (late.signal.aborted) throw slow();
      throw error;
    } finally {
      cancelTimer();
    }
  };
}

type Asking = Pick<Parameters<CustomFetch>[1], 'method' | 'headers' | 'body'> & { readonly signal: AbortSignal };

async function ask(sockets: ProviderSockets, url: URL, { method, headers, body, signal }: Asking): Promise<Response> {
  const sent = body === undefined || body === null ? undefined : bytesOf(body);
  try {
    const request = sockets.request(url, { method, headers: Object.fromEntries(new Headers(headers)), signal });
    // One that comes when the answer has begun is the answer's as well.
    request.on('error', () => {});
    request.end(sent);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    if (answer.headers['content-encoding'] !== undefined) {
      answer.destroy();
      throw new Refusal('upstream_refused', 'The provider encoded its answer unasked.');
    }
    return new ProviderAnswer(await readLimited(answer), { status: answer.statusCode ?? 0, headers: headersOf(answer) });
  } finally {
    sent?.fill(0);
  }
}

/** Not from the pool of small buffers: that outlives what was in it. */
function bytesOf(body: NonNullable<Asking['body']>): Buffer {
  if (typeof body !== 'string' && !(body instanceof URLSearchParams)) throw new TypeError('only forms and texts are sent');
  const text = String(body);
  const bytes = Buffer.alloc(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

function headersOf(answer: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}

async function readLimited(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      size += piece.length;
      pieces.push(piece);
      if (size > maxBytes) throw new Refusal('upstream_refused', 'The provider answered with too much.');
    }
    const whole = Buffer.alloc(size);
    let at = 0;
    for (const piece of pieces) at += piece.copy(whole, at);
    return whole;
  } finally {
    for (const piece of pieces) piece.fill(0);
  }
}
