import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { Refusal } from '../base/errors.ts';

/**
 * The JCS form (RFC 8785) of a JSON value: member order and white space no longer matter.
 * Refuses `details_invalid` for what JSON cannot carry, such as `NaN` or half a surrogate pair.
 */
export function canonicalJson(value: unknown): string {
  try {
    const text = canonicalize(value);
    if (text !== undefined) return text;
  } catch (cause) {
    throw new Refusal('details_invalid', 'This cannot be written as canonical JSON.', { cause });
  }
  throw new Refusal('details_invalid', 'This cannot be written as canonical JSON.');
}

/**
 * SHA-256 over the JCS form of what was asked or shown, lower-case hex.
 *
 * @param purpose Separates digests of different things, for example `asked`: two purposes never share a digest.
 */
export function actionDigest(purpose: string, value: unknown): string {
  return createHash('sha256').update(`counterfoil/${purpose}/v1\n`).update(canonicalJson(value)).digest('hex');
}
