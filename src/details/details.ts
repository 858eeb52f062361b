/**
 * `authorization_details` types (RFC 9396): schema, plain words, risk, narrowing, comparison, and which part of
 * the product enforces what. Pure: no clock, no I/O, no store.
 *
 * A *detail* is one object of the array. Each known type is one file under `types/` that answers every question
 * about it; `details.ts` asks them. An unknown member of a known type is an error, because dropping a constraint
 * would widen the grant (RFC 9396, section 5). An *action digest* is SHA-256 over the JCS form (RFC 8785).
 *
 * Must never: guess at an unknown type, compare money as floating point, or let one call be covered by the union
 * of two details.
 */
export { actionDigest, canonicalJson } from './canonical.ts';
export { coversCall, coversDetails, narrows } from './compare.ts';
export { findDuplicateKey } from './duplicate-keys.ts';
export { findDetailType, knownDetailTypes, parseDetails, parseDetailsText, scopesNeededBy } from './registry.ts';

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
  readonly kind: 'text' | 'amount' | 'choices' | 'identifier';
  /** Amounts: a decimal string. Choices: the list. */
  readonly value: string | readonly string[];
  /** For amounts, the ISO 4217 code. */
  readonly unit?: string;
  readonly enforcedBy: readonly Enforcer[];
  /** False when nobody would enforce a narrower value. */
  readonly narrowable: boolean;
  /** For choices: words for each value. */
  readonly choiceLabels?: Readonly<Record<string, string>>;
}

/** A forwarded call, after the gateway's canonicalisation. */
export interface CallFacts {
  readonly method: string;
  /** Canonical, begins with `/`, relative to the resource's base. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed JSON body; `undefined` when there was none; `'unparsed'` refuses. */
  readonly body: unknown;
}

/** Everything the product knows about one type. */
export interface DetailType {
  readonly type: string;
  /** A few words for lists, for example "Make a payment". */
  readonly title: string;
  /** Spent by its first use. */
  readonly once: boolean;
  /** Throws `details_invalid` with the member named in `hint`; never repeats a value. */
  parse(input: Readonly<Record<string, unknown>>): Detail;
  /** "Pay €180.00 to Nordwind Office GmbH", in parts. */
  sentence(detail: Detail): readonly SentencePart[];
  /** The sentence's second line: from where, as whom. */
  lead(detail: Detail, where: string): readonly SentencePart[];
  risk(detail: Detail): { readonly level: Risk; readonly reasons: readonly string[] };
  fields(detail: Detail): readonly DetailField[];
  /** True when everything `child` allows, `parent` allows too. Reflexive and transitive. */
  within(child: Detail, parent: Detail): boolean;
  /** OAuth scopes at the resource that this detail needs. */
  scopes(detail: Detail): readonly string[];
  /**
   * Whether the detail covers this call. `foreign` when the call is none of this type's business;
   * `missing` names what a wider request would have to contain.
   */
  covers(
    detail: Detail,
    call: CallFacts,
  ): { readonly covered: true } | { readonly covered: false; readonly foreign: boolean; readonly missing?: Detail };
}
