import { request } from 'node:http';
import { Readable } from 'node:stream';

export interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface LocalFetchOptions {
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Every request that went out, as an eavesdropper would have it. */
  readonly sent?: Sent[];
}

/**
 * What a browser does for a page of `origin`: the host name leads to loopback, and every POST names its origin. Node does not
 * know names below `localhost` on every machine.
 */
export function localFetch(origin: string, options: LocalFetchOptions = {}): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const url = new URL(input as string);
    const body = Buffer.from((init.body as Uint8Array | undefined) ?? []);
    const headers: Record<string, string> = {
      ...Object.fromEntries(new Headers(init.headers)),
      host: url.host,
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'cors',
      ...(init.method === 'POST' ? { origin, 'content-length': String(body.length) } : {}),
    };
    const path = `${url.pathname}${url.search}`;
    options.sent?.push({ path, headers, body });
    return send({
      address: options.address ?? '127.0.0.1',
      port: Number(url.port),
      path,
      method: init.method ?? 'GET',
      headers,
      body,
      signal: init.signal ?? undefined,
    });
  };
}

interface Outgoing {
  readonly address?: string;
  readonly port?: number;
  readonly socketPath?: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal?: AbortSignal | undefined;
}

/** One request with exactly these headers. */
export function send(outgoing: Outgoing): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { address, body, signal, ...rest } = outgoing;
    const call = request(
      { ...rest, ...(address === undefined ? {} : { host: address }), ...(signal ? { signal } : {}), agent: false },
      (answer) => {
        const headers = new Headers();
        // `set-cookie` is a list in Node, and a test must see it.
        for (const [name, value] of Object.entries(answer.headers))
          for (const one of [value ?? []].flat()) headers.append(name, one);
        const status = answer.statusCode ?? 0;
        answer.on('error', () => {});
        const stream =
          status === 204 || outgoing.method === 'HEAD' ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array<ArrayBuffer>>);
        if (stream === null) answer.resume();
        resolve(new Response(stream, { status, headers }));
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}
