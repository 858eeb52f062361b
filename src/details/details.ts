/**
 * `authorization_details` types (RFC 9396): schema, plain words, risk, narrowing, comparison, and which part of
 * the product enforces what. Pure: no clock, no I/O, no store.
 *
 * A *detail* is one object of the array. Each known type is one file under `types/`, put together from *members* that
 * each know their schema, their comparison and how a card draws them. *Terms* are what one resource does about a type:
 * they come with a shipped preset, never from metadata. An unknown member of a known type is an error, because dropping
 * a constraint would widen the grant (RFC 9396, section 5). A type that is not known here is accepted only where the
 * person allowed that; it is drawn whole, compared by its canonical form, and covers no call.
 *
 * RFC 9396's examples keep their names. Our own begin with `app.counterfoil.`, the reverse-DNS name that the program is
 * shipped under: types have no registry, so a name must be one that nobody else would choose (RFC 9396, section 2.1).
 *
 * Must never: guess at an unknown type, compare money as floating point, or let one call be covered by the union
 * of two details.
 */
import type { z } from 'zod';
import type { CallRule } from './call-rules.ts';

export { actionDigest, canonicalJson } from './canonical.ts';
export { coversCall, coversDetails, narrows } from './compare.ts';
export { findDuplicateKey } from './duplicate-keys.ts';
export { bindToResource } from './locations.ts';
export { publishedType } from './published-type.ts';
export { detailTypeOf, isKnownType, knownDetailTypes, parseDetails, parseDetailsText, scopesNeededBy } from './registry.ts';

/** One `authorization_details` object as parsed: plain JSON with a `type`. */
export interface Detail {
  readonly type: string;
  readonly [member: string]: unknown;
}

export type Risk = 'low' | 'medium' | 'high';

/** A piece of a sentence; `strong` pieces are what must be read. Text only, drawn inert. */
export interface SentencePart {
  readonly text: string;
  readonly strong?: boolean;
}

/**
 * Who holds the agent to a field: `upstream` (verified in the token), `broker` (a pure matcher on method, path,
 * query and body), or `none`. With none it cannot be narrowed and the card says so (security rule 7).
 */
export type Enforcer = 'upstream' | 'broker' | 'none';

/** One member of a detail as the card shows it. */
export interface DetailField {
  /** JSON Pointer inside the detail, for example `/instructedAmount/amount`. */
  readonly pointer: string;
  readonly label: string;
  readonly kind: 'text' | 'amount' | 'choices' | 'identifier' | 'limit' | 'time';
  /** Amounts and limits: a decimal string. Times: RFC 3339 in UTC. Choices: the list. */
  readonly value: string | readonly string[];
  /** For amounts, the ISO 4217 code. */
  readonly unit?: string;
  /** For times: whether a narrower one is later or earlier. */
  readonly bound?: 'earliest' | 'latest';
  readonly enforcedBy: readonly Enforcer[];
  /** False when nobody would enforce a narrower value. */
  readonly narrowable: boolean;
  /** For choices: words for each value. */
  readonly choiceLabels?: Readonly<Record<string, string>>;
  /** True for choices that are compared character by character, such as paths. */
  readonly mono?: boolean;
}

/** A forwarded call, after the gateway's canonicalisation. */
export interface CallFacts {
  readonly method: string;
  /** Canonical, begins with `/`, relative to the resource's base. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed JSON body; `undefined` when there was none; `'unparsed'` refuses. */
  readonly body: unknown;
  /** As sent. A body whose size is not known is larger than any limit. */
  readonly bodyBytes?: number;
}

/** What one resource does about details of one type. */
export interface TypeTerms {
  /** OAuth scopes that such a detail needs there. Default: those of the type. */
  readonly scopes?: readonly string[];
  /** True when the provider verifies the detail in the token. Default false. */
  readonly upstream?: boolean;
  /** Calls of its API in terms of this type. A call that is not listed is covered by no detail of the type. */
  readonly calls?: readonly CallRule[];
  /** False where calls do not pass through us, so that we hold nobody to anything. Default true. */
  readonly forwarded?: boolean;
}

/** {@link TypeTerms} by the name of the type. */
export type Terms = Readonly<Record<string, TypeTerms>>;

/** Everything the product knows about one type. */
export interface DetailType {
  readonly type: string;
  /** A few words for lists, for example "Make a payment". */
  readonly title: string;
  /** What it is for, for whoever writes an agent. */
  readonly about: string;
  /** A well-formed detail, for the documentation. */
  readonly example: Detail;
  /** Absent for a type that is not known. */
  readonly schema?: z.ZodType;
  /** Spent by its first use. */
  readonly once: boolean;
  /** Throws `details_invalid` with the member named in `hint`; never repeats a value. */
  parse(input: Readonly<Record<string, unknown>>): Detail;
  /** One form for all details that allow the same. */
  canonical(detail: Detail): unknown;
  /** "Pay €180.00 to Nordwind Office GmbH", in parts. */
  sentence(detail: Detail): readonly SentencePart[];
  /** The sentence's second line: from where, as whom. */
  lead(detail: Detail, where: string): readonly SentencePart[];
  risk(detail: Detail): { readonly level: Risk; readonly reasons: readonly string[] };
  fields(detail: Detail, terms?: TypeTerms): readonly DetailField[];
  /** True when everything `child` allows, `parent` allows too. Reflexive, transitive, antisymmetric up to {@link DetailType.canonical}. */
  within(child: Detail, parent: Detail): boolean;
  /** OAuth scopes at the resource that this detail needs. */
  scopes(terms?: TypeTerms): readonly string[];
  /**
   * Whether the detail covers this call. `foreign` when the call is none of this type's business;
   * `missing` names what a wider request would have to contain.
   */
  covers(
    detail: Detail,
    call: CallFacts,
    terms?: TypeTerms,
  ): { readonly covered: true } | { readonly covered: false; readonly foreign: boolean; readonly missing?: Detail };
}

export type { CallRule } from './call-rules.ts';
