import { Refusal } from '../base/errors.ts';
import type { Detail, DetailType, Terms } from './details.ts';
import { findDuplicateKey } from './duplicate-keys.ts';
import { invalid } from './schema.ts';
import { accountInformation } from './types/account-information.ts';
import { calendar } from './types/calendar.ts';
import { credentialUse } from './types/credential-use.ts';
import { fileAccess } from './types/file-access.ts';
import { httpCall } from './types/http-call.ts';
import { mail } from './types/mail.ts';
import { mcpToolCall } from './types/mcp-tool-call.ts';
import { passkeyUse } from './types/passkey-use.ts';
import { paymentInitiation } from './types/payment-initiation.ts';
import { repository } from './types/repository.ts';
import { unknownType } from './unknown-type.ts';

const maxBytes = 16 * 1024;
const maxDepth = 6;
const maxCount = 32;

const known = [
  accountInformation,
  paymentInitiation,
  httpCall,
  fileAccess,
  repository,
  mail,
  calendar,
  mcpToolCall,
  passkeyUse,
  credentialUse,
];
const types: ReadonlyMap<string, DetailType> = new Map(known.map((type) => [type.type, type]));

/** The type of a detail; one that is not known here has a type that covers nothing. */
export function detailTypeOf({ type }: Pick<Detail, 'type'>): DetailType {
  return types.get(type) ?? unknownType(type);
}

export function isKnownType(type: string): boolean {
  return types.has(type);
}

/** The OAuth scopes that these details need at a resource, each once. */
export function scopesNeededBy(details: readonly Detail[], terms: Terms = {}): readonly string[] {
  return [...new Set(details.flatMap((detail) => detailTypeOf(detail).scopes(terms[detail.type])))];
}

/** Names of the known types. Which of them can be asked for is for each resource to say. */
export function knownDetailTypes(): readonly string[] {
  return [...types.keys()];
}

/** What to do with a type that is not known: `accept` only where the person allowed it, or for what was accepted before. */
type UnknownTypes = 'refuse' | 'accept';

/**
 * Reads `authorization_details` that were parsed already. Use {@link parseDetailsText} where the text is at hand:
 * only there can a key that stands twice be seen.
 *
 * Refuses `details_invalid` (1-32 objects, at most 16 KiB and 6 levels, every member known) and
 * `details_unknown_type`.
 * @see RFC 9396, section 5
 */
export function parseDetails(input: unknown, unknown: UnknownTypes = 'refuse'): readonly Detail[] {
  if (!Array.isArray(input)) throw invalid([], 'must be an array of objects');
  if (input.length === 0) throw invalid([], 'is empty');
  if (input.length > maxCount) throw invalid([], `has more than ${maxCount} objects`);
  if (depthOf(input) > maxDepth) throw invalid([], `is deeper than ${maxDepth} levels`);
  if (Buffer.byteLength(JSON.stringify(input)) > maxBytes) throw invalid([], 'is larger than 16 KiB');
  return input.map((entry: unknown, index) => parseDetail(entry, index, unknown));
}

/** Reads `authorization_details` as sent. Refuses as {@link parseDetails}, and a key that stands twice in one object. */
export function parseDetailsText(text: string, unknown: UnknownTypes = 'refuse'): readonly Detail[] {
  if (Buffer.byteLength(text) > maxBytes) throw invalid([], 'is larger than 16 KiB');
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (cause) {
    throw new Refusal('details_invalid', 'The authorization details are not valid JSON.', { cause });
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) throw invalid([duplicate], 'stands twice in one object');
  return parseDetails(input, unknown);
}

function parseDetail(entry: unknown, index: number, unknown: UnknownTypes): Detail {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw invalid([index], 'must be an object');
  const members = entry as Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(members, 'type') || typeof members['type'] !== 'string') throw invalid([index, 'type'], 'must be a string');
  const detail = { ...members, type: members['type'] };
  if (unknown === 'refuse' && !isKnownType(detail.type)) {
    throw new Refusal('details_unknown_type', 'One of the authorization details has a type that is not known here.', {
      hint: `/${index}/type must be one of: ${knownDetailTypes().join(', ')}.`,
    });
  }
  try {
    return detailTypeOf(detail).parse(members);
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
