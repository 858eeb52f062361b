import type { CustomFetch } from 'openid-client';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import { slow } from './upstream-errors.ts';

interface FetchLimits {
  readonly clock: Clock;
  /** Milliseconds for one request with its whole answer. */
  readonly timeoutMs: number;
  /** Origins that may be asked; nothing is sent to any other. */
  readonly origins: readonly string[];
}

/** More than any metadata document or token answer needs. */
const maxBytes = 256 * 1024;

/**
 * A `fetch` for talking to a provider: only to bound origins, without redirects, limited in time and size.
 *
 * Refuses `upstream_slow`, and `upstream_refused` for an answer that is too large or a foreign origin.
 */
export function createUpstreamFetch(limits: FetchLimits): CustomFetch {
  return async (url, options) => {
    // security: rule 9, metadata proposes endpoints and never binds an origin
    if (!limits.origins.includes(new URL(url).origin)) {
      throw new Refusal('upstream_refused', 'The provider names a foreign address.', { detail: new URL(url).origin });
    }
    const late = new AbortController();
    const cancelTimer = limits.clock.after(limits.timeoutMs, () => late.abort());
    try {
      const answer = await fetch(url, {
        method: options.method,
        headers: options.headers,
        redirect: 'manual',
        signal: late.signal,
        body: (options.body as BodyInit | null | undefined) ?? null,
      });
      const body = await readLimited(answer);
      const { status, statusText, headers } = answer;
      return new Response(body.length === 0 ? null : body, { status, statusText, headers });
    } catch (error) {
      if (late.signal.aborted) throw slow();
      throw error;
    } finally {
      cancelTimer();
    }
  };
}

async function readLimited(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new Refusal('upstream_refused', 'The provider answered with too much.');
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks, size));
}
