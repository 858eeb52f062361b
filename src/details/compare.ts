import { canonicalJson } from './canonical.ts';
import type { CallFacts, Detail, Terms, TypeTerms } from './details.ts';
import { detailTypeOf } from './registry.ts';

/**
 * True when each child is within some single parent. Two parents together never cover one child, because the union of
 * two objects would allow what neither says (RFC 9396, section 5, leaves the comparison to the type).
 */
export function coversDetails(children: readonly Detail[], parents: readonly Detail[]): boolean {
  return children.every((child) => parents.some((parent) => isWithin(child, parent)));
}

/** True when everything `child` allows, `parent` allows too. */
export function isWithin(child: Detail, parent: Detail): boolean {
  return child.type === parent.type && detailTypeOf(child).within(child, parent);
}

/** What {@link coversCall} found: the one detail that covers the call, or what a wider request would have to contain. */
export type CallCoverage =
  | { readonly covered: true; readonly detail: Detail }
  | { readonly covered: false; readonly missing: readonly Detail[] };

/** Whether one single detail covers the call. `missing` is empty when the call is no type's business. */
export function coversCall(details: readonly Detail[], call: CallFacts, terms: Terms = {}): CallCoverage {
  const missing = new Map<string, Detail>();
  for (const detail of details) {
    const answer = detailTypeOf(detail).covers(detail, call, terms[detail.type]);
    // security: rule 7, one call is covered by one object of one grant
    if (answer.covered) return { covered: true, detail };
    if (answer.missing) missing.set(canonicalJson(answer.missing), answer.missing);
  }
  return { covered: false, missing: [...missing.values()] };
}

/**
 * True when `child` is within `parent` and they differ in narrowable fields only (security rule 7): a field that nobody
 * would enforce stays as it was asked.
 */
export function narrows(child: Detail, parent: Detail, terms?: TypeTerms): boolean {
  if (!isWithin(child, parent)) return false;
  const fields = detailTypeOf(parent).fields(parent, terms);
  const pointers = fields.filter((field) => field.narrowable).map((field) => field.pointer);
  // security: rule 7
  return canonicalJson(without(child, pointers)) === canonicalJson(without(parent, pointers));
}

function without(detail: Detail, pointers: readonly string[]): unknown {
  const copy = structuredClone(detail) as Record<string, unknown>;
  for (const pointer of pointers) {
    const path = pointer.slice(1).split('/');
    const last = path.pop();
    const owner = path.reduce<Record<string, unknown> | undefined>(
      (at, step) => at?.[step] as Record<string, unknown> | undefined,
      copy,
    );
    if (owner && last !== undefined) delete owner[last];
  }
  return copy;
}
