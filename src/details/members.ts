/**
 * Members that details are put together from. Each knows its schema, when one value is within another, the one
 * form of equal values, and how a card draws it; so no type repeats, or forgets, any of the four.
 */
import { z } from 'zod';
import type { DetailField, Enforcer } from './details.ts';
import { isSet, shownText } from './schema.ts';

/** How a card draws a member, before anybody asks who enforces it. */
export interface DrawnMember extends Pick<DetailField, 'label' | 'kind' | 'value' | 'unit' | 'bound' | 'choiceLabels' | 'mono'> {
  /** Where in the member the value stands, when it is not the member itself. */
  readonly at?: string;
  /** True when there is something narrower that can be chosen. */
  readonly shrinks: boolean;
  /** Those who cannot hold the agent to it are left out. Default: everybody. */
  readonly heldBy?: readonly Enforcer[];
}

export interface Member<Value> {
  readonly schema: z.ZodType<Value>;
  /** What a detail without it means, where it may be left out. Default: any value. */
  readonly means?: Value;
  /** Reflexive, transitive, antisymmetric up to `canonical`. */
  within(child: Value, parent: Value): boolean;
  canonical(value: Value): unknown;
  /** `undefined`: the detail has no such member. */
  draw(value: Value | undefined): readonly DrawnMember[];
}

export type AnyMember = Member<unknown>;

const mostEntries = 16;

/** A non-empty set out of a fixed list of words. */
export function words<const Word extends string>(
  label: string,
  labels: Readonly<Record<Word, string>>,
  means?: readonly NoInfer<Word>[],
): Member<readonly Word[]> {
  const known = Object.keys(labels) as [Word, ...Word[]];
  return {
    schema: z.array(z.enum(known, 'is not one of the known values')).min(1, 'is empty').refine(isSet, 'names a value twice'),
    ...(means && { means }),
    within: isSubset,
    canonical: (value) => value.toSorted(),
    draw: (value) =>
      value === undefined || value.length === 0
        ? []
        : [{ label, kind: 'choices', value, shrinks: value.length > 1, choiceLabels: labels }],
  };
}

interface NamesOptions {
  readonly label: string;
  /** Said when a detail that leaves it out allows any. */
  readonly any?: string;
  /** Said when a detail that leaves it out allows none. */
  readonly none?: string;
  readonly each?: z.ZodType<string>;
  readonly mono?: boolean;
}

/** A non-empty set of names, compared exactly. */
export function names({ label, any, none, each = shownText(200), mono = false }: NamesOptions): Member<readonly string[]> {
  return {
    schema: z
      .array(each)
      .min(1, 'is empty')
      .max(mostEntries, `has more than ${mostEntries} entries`)
      .refine(isSet, 'names a value twice'),
    ...(none !== undefined && { means: [] }),
    within: isSubset,
    canonical: (value) => value.toSorted(),
    draw(value) {
      if (value !== undefined && value.length > 0) return [{ label, kind: 'choices', value, shrinks: value.length > 1, mono }];
      const otherwise = none ?? any;
      return otherwise === undefined ? [] : [{ label, kind: 'text', value: otherwise, shrinks: false }];
    },
  };
}

interface ExactOptions {
  readonly label: string;
  readonly schema: z.ZodType<string>;
  /** Said when the detail names none, which allows any. */
  readonly any?: string;
  readonly kind?: 'text' | 'identifier';
  /** True when nobody holds the agent to one value where any was asked. */
  readonly openToAll?: boolean;
}

/** One text, equal or not. */
export function exact({ label, schema, any, kind = 'text', openToAll = false }: ExactOptions): Member<string> {
  return {
    schema,
    within: (child, parent) => child === parent,
    canonical: (value) => value,
    draw(value) {
      if (value !== undefined) return [{ label, kind, value, shrinks: false }];
      if (any === undefined) return [];
      return [{ label, kind, value: any, shrinks: false, ...(openToAll && { heldBy: [] }) }];
    },
  };
}

/** An upper limit; a detail without it allows nothing of the kind. */
export function limit(options: { readonly label: string; readonly unit: string; readonly most: number }): Member<number> {
  const { label, unit, most } = options;
  return {
    schema: z.int(`must be a whole number`).min(1, 'is less than 1').max(most, `is more than ${most}`),
    means: 0,
    within: (child, parent) => child <= parent,
    canonical: (value) => value,
    draw: (value = 0) => [
      value === 0
        ? { label, kind: 'text', value: 'none', shrinks: false }
        : { label, kind: 'limit', value: String(value), unit, shrinks: value > 1 },
    ],
  };
}

/** An instant before or after which nothing is allowed; a detail without it has no such bound. */
export function instant(label: string, bound: 'earliest' | 'latest'): Member<string> {
  return {
    // Whole seconds in UTC: one spelling per instant, so that texts compare like instants.
    schema: z.iso.datetime({ precision: 0, error: 'is not an instant like 2026-11-23T09:00:00Z' }),
    within: (child, parent) => (bound === 'earliest' ? child >= parent : child <= parent),
    canonical: (value) => value,
    draw: (value) =>
      value === undefined
        ? [{ label, kind: 'text', value: 'any time', shrinks: false }]
        : [{ label, kind: 'time', value, bound, shrinks: true }],
  };
}

function isSubset<Value>(child: readonly Value[], parent: readonly Value[]): boolean {
  return child.every((value) => parent.includes(value));
}
