import { z } from 'zod';
import { neededByRules } from './call-rules.ts';
import type { CallFacts, Detail, DetailField, DetailType, Enforcer, SentencePart, TypeTerms } from './details.ts';
import { locations } from './locations.ts';
import type { AnyMember, DrawnMember } from './members.ts';
import { parseMembers } from './schema.ts';

type Members = Readonly<Record<string, AnyMember>>;
type ValueOf<One> = One extends { readonly schema: z.ZodType<infer Value> } ? Value : never;
type DetailOf<Required, Optional> = Detail & { readonly [Name in keyof Required]: ValueOf<Required[Name]> } & {
  readonly [Name in keyof Optional]?: ValueOf<Optional[Name]> | undefined;
};

/** What is particular to one type; everything else follows from its members. */
export interface TypePlan<Required extends Members, Optional extends Members> {
  readonly type: string;
  readonly title: string;
  readonly about: string;
  readonly example: Readonly<Record<string, unknown>>;
  /** In the order in which a card draws them. */
  readonly members: Required;
  readonly optional?: Optional;
  /** Default false. */
  readonly once?: boolean;
  /** Refuses what the members alone cannot tell. */
  readonly check?: (detail: DetailOf<Required, Optional>) => void;
  readonly sentence: (detail: DetailOf<Required, Optional>) => readonly SentencePart[];
  readonly risk: (detail: DetailOf<Required, Optional>) => ReturnType<DetailType['risk']>;
  /** Where the resource has no terms. Default none. */
  readonly scopes?: readonly string[];
  /**
   * What a call needs, in each way in which a detail could say it, for a type that knows its calls itself; empty when the
   * call is none of its business. Without it the resource's rules decide.
   */
  readonly needs?: (call: CallFacts, terms: TypeTerms) => readonly Readonly<Record<string, unknown>>[];
}

/** A type out of its members. `locations` belongs to every type (RFC 9396, section 2.2). */
export function composeType<const Required extends Members, const Optional extends Members = Record<never, never>>(
  plan: TypePlan<Required, Optional>,
): DetailType {
  const optional: Members = { ...plan.optional, locations };
  const members: Members = { ...plan.members, ...optional };
  const schema = schemaOf(plan.type, plan.members, optional);
  const read = (detail: Detail): DetailOf<Required, Optional> => {
    const parsed = parseMembers(schema, detail) as DetailOf<Required, Optional>;
    plan.check?.(parsed);
    return parsed;
  };
  const enforcers = (terms: TypeTerms): readonly Enforcer[] => {
    const held: Enforcer[] = terms.upstream ? ['upstream'] : [];
    // security: rule 7
    if (terms.forwarded === false) return held;
    if (plan.needs !== undefined || (terms.calls?.length ?? 0) > 0) held.push('broker');
    return held;
  };
  return {
    type: plan.type,
    title: plan.title,
    about: plan.about,
    example: { ...plan.example, type: plan.type },
    schema,
    once: plan.once ?? false,
    parse: (input) => read(input as Detail),
    canonical: (detail) => canonicalMembers(detail, members),
    sentence: (detail) => plan.sentence(read(detail)),
    lead: (_detail, where) => [{ text: 'at ' }, { text: where, strong: true }, { text: plan.once ? ', as you, once' : ', as you' }],
    risk: (detail) => plan.risk(read(detail)),
    fields(detail, terms = {}) {
      const parsed: Detail = read(detail);
      return Object.entries(members).flatMap(([name, member]) =>
        member.draw(parsed[name]).map((drawn) => fieldOf(name, drawn, enforcers(terms))),
      );
    },
    within: (child, parent) => areMembersWithin(child, parent, members),
    scopes: (terms) => terms?.scopes ?? plan.scopes ?? [],
    covers(detail, call, terms = {}) {
      const ways = neededFor(call, { plan, terms, schema });
      const [missing] = ways;
      if (missing === undefined) return { covered: false, foreign: true };
      const granted = read(detail);
      // A place is judged by the provider and by the resource of the grant; the call itself has no place to compare.
      const judged = { ...plan.members, ...plan.optional };
      if (ways.some((needed) => areMembersWithin(needed, granted, judged))) return { covered: true };
      return { covered: false, foreign: false, missing };
    },
  };
}

function schemaOf(type: string, required: Members, optional: Members): z.ZodType<Detail> {
  const shape = {
    ...Object.fromEntries(Object.entries(required).map(([name, member]): [string, z.ZodType] => [name, member.schema])),
    ...Object.fromEntries(Object.entries(optional).map(([name, member]): [string, z.ZodType] => [name, member.schema.optional()])),
  };
  return z.strictObject({ type: z.literal(type), ...shape });
}

/** What a detail without the member means; `undefined`: any value. */
function valueOf(detail: Detail, name: string, { means }: AnyMember): unknown {
  return detail[name] ?? means;
}

function areMembersWithin(child: Detail, parent: Detail, members: Members): boolean {
  return Object.entries(members).every(([name, member]) => {
    const inner = valueOf(child, name, member);
    const outer = valueOf(parent, name, member);
    if (outer === undefined) return true;
    return inner !== undefined && member.within(inner, outer);
  });
}

function canonicalMembers(detail: Detail, members: Members): unknown {
  const values = Object.entries(members).flatMap(([name, member]) => {
    const value = valueOf(detail, name, member);
    return value === undefined ? [] : [[name, member.canonical(value)] as const];
  });
  return { type: detail.type, ...Object.fromEntries(values) };
}

function fieldOf(name: string, drawn: DrawnMember, enforcers: readonly Enforcer[]): DetailField {
  const { at = '', shrinks, heldBy, ...field } = drawn;
  const held = enforcers.filter((who) => heldBy?.includes(who) ?? true);
  return {
    pointer: `/${name}${at}`,
    ...field,
    enforcedBy: held.length === 0 ? ['none'] : held,
    // security: rule 7, what nobody enforces cannot be narrowed
    narrowable: shrinks && held.length > 0,
  };
}

interface Reading {
  readonly plan: Pick<TypePlan<Members, Members>, 'type' | 'needs'>;
  readonly terms: TypeTerms;
  readonly schema: z.ZodType<Detail>;
}

/** What is not well-formed as a detail is no call of this type. */
function neededFor(call: CallFacts, { plan, terms, schema }: Reading): readonly Detail[] {
  const byRules = plan.needs === undefined ? neededByRules(call, terms.calls) : undefined;
  const ways = plan.needs === undefined ? (byRules ? [byRules] : []) : plan.needs(call, terms);
  return ways.flatMap((way) => schema.safeParse({ type: plan.type, ...way }).data ?? []);
}
