import type { CardView, DetailFieldView, LifetimeName, NarrowingInput } from '../../../src/contract/shapes.ts';

type Detail = NarrowingInput['details'][number];

/** The person's answer as it stands: what is within it, and which fields hold something that cannot be sent. */
export interface Draft {
  readonly narrowing: NarrowingInput;
  /** Every detail of the card as it stands, in the card's order, with those that were taken out. */
  readonly details: readonly Detail[];
  /** Places of the details that were taken out. */
  readonly removed: readonly number[];
  /** Field keys, see {@link fieldKey}. */
  readonly invalid: readonly string[];
}

/** Names a field of a card: which detail, which member. */
export function fieldKey(detailIndex: number, field: Pick<DetailFieldView, 'pointer'>): string {
  return `${detailIndex}${field.pointer}`;
}

/** The lifetime offered first: the core's choice for this risk. */
export function firstLifetime(lifetimes: readonly LifetimeName[]): LifetimeName {
  return lifetimes[0] ?? 'once';
}

const ladder: readonly LifetimeName[] = ['once', '15m', '1h', 'today', '30d'];

/** The lifetimes from the shortest to the longest, as a ladder to choose from. */
export function lifetimeLadder(lifetimes: readonly LifetimeName[]): readonly LifetimeName[] {
  return ladder.filter((lifetime) => lifetimes.includes(lifetime));
}

/** The answer before anything was narrowed: what was asked, for a short time. */
export function draftOf(card: CardView): Draft {
  const details = card.details.map(({ detail }) => detail);
  return {
    narrowing: { details, scopes: card.scopes, lifetime: firstLifetime(card.lifetimes) },
    details,
    removed: [],
    invalid: [],
  };
}

function withDetails(draft: Draft, details: readonly Detail[], removed: readonly number[]): Draft {
  const kept = details.filter((_, index) => !removed.includes(index));
  return { ...draft, details, removed, narrowing: { ...draft.narrowing, details: kept } };
}

/** The draft with one whole detail taken out, or put back as it was asked. The last one stays. */
export function withoutDetail(draft: Draft, card: Pick<CardView, 'details'>, index: number): Draft {
  const removed = draft.removed.includes(index) ? draft.removed.filter((other) => other !== index) : [...draft.removed, index];
  if (removed.length === card.details.length) return draft;
  const details = draft.details.map((detail, place) => (place === index ? (card.details[place]?.detail ?? detail) : detail));
  const invalid = draft.invalid.filter((key) => !key.startsWith(`${index}/`));
  return { ...withDetails(draft, details, removed), invalid };
}

/** The members that a JSON Pointer names (RFC 6901). */
function membersOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((member) => member.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function replaced(value: unknown, [member, ...rest]: readonly string[], next: unknown): unknown {
  if (member === undefined) return next;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === member ? replaced(item, rest, next) : (item as unknown)));
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return value;
  const own = value as Readonly<Record<string, unknown>>;
  return { ...own, [member]: replaced(own[member], rest, next) };
}

/** A detail with one member replaced. A pointer to nothing changes nothing: an answer never adds what was not asked. */
export function withMember(detail: Detail, pointer: string, next: unknown): Detail {
  return replaced(detail, membersOf(pointer), next) as Detail;
}

interface FieldChange {
  readonly detailIndex: number;
  readonly field: DetailFieldView;
  /** `undefined`: what was typed cannot be sent. */
  readonly value: string | number | readonly string[] | undefined;
}

/** The draft after a field was changed. */
export function withField(draft: Draft, { detailIndex, field, value }: FieldChange): Draft {
  const key = fieldKey(detailIndex, field);
  const invalid = draft.invalid.filter((other) => other !== key);
  if (value === undefined) return { ...draft, invalid: [...invalid, key] };
  const details = draft.details.map((detail, index) => (index === detailIndex ? withMember(detail, field.pointer, value) : detail));
  return { ...withDetails(draft, details, draft.removed), invalid };
}

/** The asked values without one, or with it again, in the order in which they were asked. */
export function toggled(asked: readonly string[], chosen: readonly string[], value: string): readonly string[] {
  const next = new Set(chosen);
  if (!next.delete(value)) next.add(value);
  return asked.filter((item) => next.has(item));
}
