import type { ServerResponse } from 'node:http';
import { fieldsOfRefusal, findProtocolError, guidanceOf, refusalOf, refusalTable, setSecurityHeaders } from '../gate/gate.ts';

/** One refusal as OAuth spells it. */
export interface WireError {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where every code is explained. */
export const errorsPath = '/errors';

/** What a failure says on an OAuth endpoint. Anything but a `Refusal` is a bug and says nothing more than that. */
export function wireErrorOf(error: unknown, issuer: string): WireError {
  const refusal = refusalOf(error);
  const { oauth } = refusalTable[refusal.code];
  const guidance = guidanceOf(refusal);
  return {
    status: oauth.status,
    body: {
      ...refusal.members,
      error: oauth.error,
      error_description: descriptionOf(refusal.message),
      error_uri: `${issuer}${errorsPath}`,
      ...guidance,
    },
    headers:
      guidance.retry_after === undefined
        ? {}
        : { 'Retry-After': String(guidance.retry_after), ...fieldsOfRefusal(refusal.members, guidance.retry_after) },
  };
}

/**
 * What the library refused, in the words of the table; `undefined` for an error that the table does not know. The library's own
 * description stays: it names the parameter.
 */
export function wireErrorOfLibrary(
  body: { readonly error: string; readonly error_description?: unknown },
  issuer: string,
): WireError | undefined {
  const row = findProtocolError(body.error);
  if (row === undefined) return undefined;
  const { error_description: description } = body;
  return {
    status: row.oauth.status,
    body: {
      error: row.oauth.error,
      error_description: descriptionOf(typeof description === 'string' ? description : row.title),
      error_uri: `${issuer}${errorsPath}`,
      code: row.code,
      next: row.next,
      hint: row.hint,
    },
    headers: {},
  };
}

/** Answers with an OAuth error where the library is not reached. Stock clients read no other media type. */
export function sendWireError(response: ServerResponse, error: unknown, issuer: string): void {
  const wire = wireErrorOf(error, issuer);
  const body = JSON.stringify(wire.body);
  setSecurityHeaders(response);
  if (!response.req.complete) response.setHeader('Connection', 'close');
  response.writeHead(wire.status, {
    ...wire.headers,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** RFC 6749, 5.2 allows printable ASCII without quotation mark and backslash. */
function descriptionOf(text: string): string {
  return text.replaceAll(/["\\]/g, "'").replaceAll(/[^\x20-\x7e]/g, '?');
}
