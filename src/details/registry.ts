import { Refusal } from '../base/errors.ts';
import type { Detail, DetailType } from './details.ts';
import { findDuplicateKey } from './duplicate-keys.ts';
import { invalid } from './schema.ts';
import { accountInformation } from './types/account-information.ts';
import { paymentInitiation } from './types/payment-initiation.ts';

const maxBytes = 16 * 1024;
const maxDepth = 6;
const maxCount = 32;

const types: ReadonlyMap<string, DetailType> = new Map([accountInformation, paymentInitiation].map((type) => [type.type, type]));

/** The type with this name, if the product knows it. */
export function findDetailType(type: string): DetailType | undefined {
  return types.get(type);
}

/** The OAuth scopes that these details need, each once. */
export function scopesNeededBy(details: readonly Detail[]): readonly string[] {
  return [...new Set(details.flatMap((detail) => findDetailType(detail.type)?.scopes(detail) ?? []))];
}

/** Names of the known types, for metadata. */
export function knownDetailTypes(): readonly string[] {
  return [...types.keys()];
}

/**
 * Reads `authorization_details` that were parsed already. Use {@link parseDetailsText} where the text is at hand:
 * only there can a key that stands twice be seen.
 *
 * Refuses `details_invalid` (1-32 objects, at most 16 KiB and 6 levels, every member known) and
 * `details_unknown_type`.
 * @see RFC 9396, section 5
 */
export function parseDetails(input: unknown): readonly Detail[] {
  if (!Array.isArray(input)) throw invalid([], 'must be an array of objects');
  if (input.length === 0) throw invalid([], 'is empty');
  if (input.length > maxCount) throw invalid([], `has more than ${maxCount} objects`);
  if (depthOf(input) > maxDepth) throw invalid([], `is deeper than ${maxDepth} levels`);
  if (Buffer.byteLength(JSON.stringify(input)) > maxBytes) throw invalid([], 'is larger than 16 KiB');
  return input.map((entry: unknown, index) => parseDetail(entry, index));
}

/** Reads `authorization_details` as sent. Refuses as {@link parseDetails}, and a key that stands twice in one object. */
export function parseDetailsText(text: string): readonly Detail[] {
  if (Buffer.byteLength(text) > maxBytes) throw invalid([], 'is larger than 16 KiB');
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (cause) {
    throw new Refusal('details_invalid', 'The authorization details are not valid JSON.', { cause });
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) throw invalid([duplicate], 'stands twice in one object');
  return parseDetails(input);
}

function parseDetail(entry: unknown, index: number): Detail {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw invalid([index], 'must be an object');
  const members = entry as Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(members, 'type') || typeof members['type'] !== 'string') throw invalid([index, 'type'], 'must be a string');
  const type = findDetailType(members['type']);
  if (!type) {
    throw new Refusal('details_unknown_type', 'One of the authorization details has a type that is not known here.', {
      hint: `/${index}/type must be one of: ${knownDetailTypes().join(', ')}.`,
    });
  }
  try {
    return type.parse(members);
  } catch (error) {
    throw atIndex(error, index);
  }
}

function atIndex(error: unknown, index: number): unknown {
  if (!(error instanceof Refusal) || error.hint === undefined) return error;
  return new Refusal(error.code, error.message, { hint: `/${index}${error.hint}`, cause: error });
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const inner of Object.values(value)) {
    deepest = Math.max(deepest, depthOf(inner));
    if (deepest > maxDepth) break;
  }
  return deepest + 1;
}
