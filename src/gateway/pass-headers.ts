import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What of a request the provider gets to see. Everything else stays here. */
const requestHeaders = [
  'accept',
  'accept-language',
  'content-language',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'range',
  'prefer',
  'idempotency-key',
  'last-event-id',
] as const;

/** What of an answer the agent gets to see: no cookie, no challenge, no nonce, nothing about the connection. */
const answerHeaders = [
  'content-type',
  'content-language',
  'content-length',
  'content-encoding',
  'content-range',
  'content-disposition',
  'accept-ranges',
  'allow',
  'etag',
  'last-modified',
  'location',
  'link',
  'retry-after',
  'preference-applied',
  'ratelimit',
  'ratelimit-policy',
  'x-request-id',
] as const;

/** Headers for the provider: from the agent by allow-list, then ours. What a body is, is never in the agent's words. */
export function upstreamHeaders(
  { request, body }: { readonly request: IncomingMessage; readonly body: Buffer },
  credentials: { readonly authorization: string; readonly dpop: string },
): Record<string, string> {
  // security: rule 26
  return {
    ...pick(request.headers, requestHeaders),
    // Only a body that was read as JSON in UTF-8 comes this far.
    ...(body.length > 0 && { 'content-type': 'application/json' }),
    // What comes back must be readable: it is handed on as it is.
    'accept-encoding': 'identity',
    'user-agent': 'counterfoil',
    ...credentials,
  };
}

/** Headers for the agent, by allow-list. */
export function agentHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  // security: rule 26
  return pick(headers, answerHeaders);
}

function pick(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> {
  const picked = names.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(picked);
}
