import { type ChangeNoticeView, RefusedError, type Transport } from './client.ts';
import type { OperationName } from './operations.ts';
import { type CallAnswer, type CallEnvelope, type RefusalView, type SessionView, sessionShape } from './presence.ts';
import { fromBase64Url, toBase64Url } from './seal-presence.ts';
import {
  callPrefix,
  changesPath,
  heartbeatMs,
  sequenceHeader,
  sessionHeader,
  sessionKeyAlgorithm,
  sessionPath,
  signatureHeader,
  signedText,
} from './wire.ts';

export interface HttpTransportOptions {
  /** The page's own origin. */
  readonly base: string;
  /** Single use; from the fragment of the address. */
  readonly launch: string;
  /** Default: the page's own. */
  readonly fetch?: typeof globalThis.fetch;
}

const encoder = new TextEncoder();

/**
 * A transport over HTTP. The session is a key that cannot leave this page and signs each request; nothing of it is kept
 * anywhere, so a reload needs a new link (security rule 10). Throws {@link RefusedError} when the link was used before.
 */
export async function createHttpTransport(options: HttpTransportOptions): Promise<Transport> {
  const send = options.fetch ?? globalThis.fetch.bind(globalThis);
  const keys = await crypto.subtle.generateKey(sessionKeyAlgorithm, false, ['sign', 'verify']);
  const publicKey = await crypto.subtle.exportKey('jwk', keys.publicKey);
  const { session, coreKey } = await beginSession({ ...options, fetch: send }, publicKey);
  const sign = signer(keys.privateKey, session);

  async function post(path: string, text: string, signal?: AbortSignal): Promise<Response> {
    const body = encoder.encode(text);
    const headers = await sign(path, body);
    return send(`${options.base}${path}`, { ...postInit(headers, body), ...(signal === undefined ? {} : { signal }) });
  }

  return {
    session,
    coreKey: fromBase64Url(coreKey),
    async call(operation: OperationName, envelope: CallEnvelope): Promise<CallAnswer> {
      const response = await post(`${callPrefix}${operation}`, JSON.stringify(envelope));
      if (response.ok) return (await response.json()) as CallAnswer;
      return { ok: false, refusal: await refusalIn(response) };
    },
    changes(onNotice, onEnd) {
      const ended = new AbortController();
      const stream = post(changesPath, '{}', ended.signal).then((response) => follow(response, onNotice, ended.signal));
      stream.then(onEnd, onEnd).catch(() => {});
      return () => ended.abort();
    },
  };
}

type Sign = (path: string, body: Uint8Array<ArrayBuffer>) => Promise<Record<string, string>>;

function signer(key: CryptoKey, session: string): Sign {
  let last = 0;
  return async (path, body) => {
    last += 1;
    const sequence = last;
    const bodyDigest = toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
    const text = encoder.encode(signedText({ session, path, sequence, bodyDigest }));
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, text);
    return {
      [sessionHeader]: session,
      [sequenceHeader]: String(sequence),
      [signatureHeader]: toBase64Url(new Uint8Array(signature)),
    };
  };
}

async function beginSession(options: Required<HttpTransportOptions>, publicKey: JsonWebKey): Promise<SessionView> {
  const { crv, kty, x, y } = publicKey;
  const body = encoder.encode(JSON.stringify({ launch: options.launch, publicKey: { crv, kty, x, y } }));
  const response = await options.fetch(`${options.base}${sessionPath}`, postInit({}, body));
  if (!response.ok) throw new RefusedError(await refusalIn(response));
  return sessionShape.parse(await response.json());
}

function postInit(headers: Readonly<Record<string, string>>, body: Uint8Array<ArrayBuffer>): RequestInit {
  return {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
    credentials: 'omit',
    redirect: 'error',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
  };
}

/** A problem (RFC 9457) in the words of the contract. */
async function refusalIn(response: Response): Promise<RefusalView> {
  const fallback: RefusalView = { code: 'internal', message: 'Counterfoil gave no usable answer.' };
  const problem: unknown = await response.json().catch(() => undefined);
  if (typeof problem !== 'object' || problem === null) return fallback;
  const { code, detail, hint, retry_after: retryAfterSeconds } = problem as Record<string, unknown>;
  if (typeof code !== 'string' || typeof detail !== 'string') return fallback;
  return {
    code,
    message: detail,
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(typeof retryAfterSeconds === 'number' ? { retryAfterSeconds } : {}),
  };
}

/** Reads notices, one JSON line each, until the stream ends or stays silent for too long. Empty lines are heartbeats. */
async function follow(response: Response, onNotice: (notice: ChangeNoticeView) => void, signal: AbortSignal): Promise<void> {
  if (!response.ok || response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const chunk = await withinPatience(reader.read());
    if (chunk === undefined || chunk.done || signal.aborted) break;
    const lines = `${rest}${chunk.value}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onNotice(JSON.parse(line) as ChangeNoticeView);
  }
  await reader.cancel().catch(() => {});
}

async function withinPatience<Value>(work: Promise<Value>): Promise<Value | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), 3 * heartbeatMs);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
