import { Refusal } from '../base/errors.ts';
import { findDuplicateKey } from '../details/details.ts';

/** JSON in UTF-8 and nothing else: with another parameter somebody could read the same bytes differently. */
const jsonType = /^application\/(?:[a-z0-9.+-]+\+)?json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/;

/**
 * What a body says, for matching; `'unparsed'` when it is not called JSON in UTF-8, which no grant covers. The bytes
 * themselves are sent on unchanged, so a text that two readers could read differently is refused with `invalid_input`.
 */
export function parseCallBody(bytes: Buffer, contentType: string | undefined): unknown {
  if (bytes.length === 0) return undefined;
  // security: rule 26
  if (!jsonType.test(contentType?.trim().toLowerCase() ?? '')) return 'unparsed';
  let body: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    body = JSON.parse(text);
  } catch {
    throw new Refusal('invalid_input', 'The body is not JSON in UTF-8.');
  }
  if (findDuplicateKey(text) !== undefined) throw new Refusal('invalid_input', 'A member stands twice in the body.');
  // A JSON text that is the word itself must not pass for our mark.
  return body === 'unparsed' ? [body] : body;
}
