import type { IncomingMessage, ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import type { Clock } from '../base/clock.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { AuthorizedCall } from '../broker/broker.ts';
import { setSecurityHeaders } from '../gate/gate.ts';
import { agentHeaders, upstreamHeaders } from './pass-headers.ts';

export interface Forwarding {
  readonly call: AuthorizedCall;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Sent as it came. */
  readonly body: Buffer;
}

/** `answered`: the agent has the answer. `withheld`: the provider said 401 or 403, and nothing was sent on. */
export type Forwarded = { readonly kind: 'answered' | 'withheld'; readonly status: number };

interface SenderOptions {
  readonly clock: Clock;
  /** Milliseconds until the first byte of the answer. */
  readonly timeoutMs: number;
}

type ResponseStart = Pick<Dispatcher.StreamFactoryData, 'statusCode' | 'headers'>;

/** Failures in which no byte of the request can have been sent. */
const beforeSending = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** Of a body that nobody gets. Bytes. */
const discardedAtMost = 64 * 1024;

class TooMuch extends Error {}

/** Sends calls to providers and lets their answers flow back, at the pace at which the agent reads. */
export class UpstreamSender {
  readonly #options: SenderOptions;
  readonly #pools = new Map<string, Pool>();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /**
   * Sends once, and once more when the provider wants a nonce; never again otherwise. Finishes the call.
   * Refuses `upstream_unreachable`, `upstream_slow`, and with what the call was cut for.
   */
  async forward(forwarding: Forwarding): Promise<Forwarded> {
    const { call } = forwarding;
    if (forwarding.response.destroyed) {
      call.finish({ notSent: 'agent gone' });
      throw new Refusal('upstream_refused', 'The agent went away.');
    }
    try {
      const first = await this.#send(forwarding);
      // security: rule 28, a nonce retry is the same use
      const last = first.kind === 'nonce' ? await this.#send(forwarding, first.nonce) : first;
      const forwarded: Forwarded = last.kind === 'nonce' ? { kind: 'withheld', status: 401 } : last;
      call.finish({ status: forwarded.status });
      return forwarded;
    } catch (error) {
      const { refusal, sent } = failureOf(error, forwarding);
      call.finish(sent ? { failed: refusal.code } : { notSent: refusal.code });
      throw refusal;
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  async #send(forwarding: Forwarding, nonce?: string): Promise<Forwarded | { readonly kind: 'nonce'; readonly nonce: string }> {
    const { call, request, response, body } = forwarding;
    const late = new AbortController();
    const gone = new AbortController();
    const onClose = (): void => gone.abort(new Refusal('upstream_refused', 'The agent went away.'));
    const cancelTimer = this.#options.clock.after(this.#options.timeoutMs, () => late.abort(slow()));
    response.once('close', onClose);
    let result: Forwarded | { kind: 'nonce'; nonce: string } | undefined;
    const begin = (start: ResponseStart): Writable => {
      result = this.#judge(forwarding, start, nonce === undefined);
      // What is not handed on stays under the time limit to its end.
      if (result.kind !== 'answered') return discard();
      cancelTimer();
      return openAnswer(response, start);
    };
    try {
      await this.#pool(call.url.origin).stream(
        {
          path: `${call.url.pathname}${call.url.search}`,
          method: request.method as Dispatcher.HttpMethod,
          headers: upstreamHeaders(forwarding, call.credentials(nonce)),
          body: body.length === 0 ? null : body,
          signal: AbortSignal.any([call.signal, late.signal, gone.signal]),
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        begin,
      );
    } catch (error) {
      const left = late.signal.aborted || error instanceof TooMuch;
      if (result === undefined || !left || call.signal.aborted || gone.signal.aborted) throw error;
    } finally {
      cancelTimer();
      response.off('close', onClose);
    }
    if (!result) throw new Refusal('upstream_unreachable', 'The provider gave no answer.');
    return result;
  }

  #judge({ call }: Forwarding, { statusCode: status, headers }: ResponseStart, mayRetry: boolean): ReturnType<typeof answerKind> {
    const nonce = headers['dpop-nonce'];
    if (typeof nonce === 'string') call.rememberNonce(nonce);
    return answerKind(status, mayRetry && wantsNonce(status, headers) && typeof nonce === 'string' ? nonce : undefined);
  }

  #pool(origin: string): Pool {
    const known = this.#pools.get(origin);
    if (known) return known;
    const pool = new Pool(origin, { connections: 64, pipelining: 1, connect: { timeout: this.#options.timeoutMs } });
    this.#pools.set(origin, pool);
    return pool;
  }
}

function answerKind(status: number, nonce: string | undefined): Forwarded | { readonly kind: 'nonce'; readonly nonce: string } {
  if (nonce !== undefined) return { kind: 'nonce', nonce };
  return { kind: status === 401 || status === 403 ? 'withheld' : 'answered', status };
}

/** RFC 9449, section 9. */
function wantsNonce(status: number, headers: ResponseStart['headers']): boolean {
  const challenge = [headers['www-authenticate']].flat().join(', ');
  return status === 401 && /\berror="?use_dpop_nonce\b/.test(challenge);
}

function openAnswer(response: ServerResponse, { statusCode, headers }: ResponseStart): Writable {
  setSecurityHeaders(response);
  // security: rule 26, what a provider sends is never a page of ours
  response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
  response.writeHead(statusCode, agentHeaders(headers));
  response.flushHeaders();
  return response;
}

/** Reads a short body to its end, so that the connection can be used again; a long one is left. */
function discard(): Writable {
  let read = 0;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      read += chunk.length;
      done(read > discardedAtMost ? new TooMuch() : null);
    },
  });
}

function slow(): Refusal {
  return new Refusal('upstream_slow', 'The provider did not answer in time.', { retryAfterSeconds: 5 });
}

function failureOf(error: unknown, { call }: Forwarding): { readonly refusal: Refusal; readonly sent: boolean } {
  const cut: unknown = call.signal.aborted ? call.signal.reason : undefined;
  if (isRefusal(cut)) return { refusal: cut, sent: true };
  if (isRefusal(error)) return { refusal: error, sent: true };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const refusal = new Refusal('upstream_unreachable', 'The provider cannot be reached.', {
    cause: error,
    detail: code === '' ? String(error) : code,
    retryAfterSeconds: 5,
  });
  return { refusal, sent: !beforeSending.has(code) };
}
