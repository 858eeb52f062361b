/**
 * A case of the negative matrix is one line: the section that it breaks, what is wrong, the well-formed request that it spoils,
 * how, and what the answer must be. Add yours to the file of its standard, or to a new one that `cases.ts` names.
 */
import type { Change } from './draft.ts';
import type { Base, World } from './world.ts';

export interface Case {
  readonly section: string;
  readonly what: string;
  readonly base: Base;
  readonly change: (world: World) => Change;
  /** As `outcomeOf` says it. */
  readonly expected: string;
  /** Tables in which something may be noted although it is refused: who asked was proven before what was asked is judged. */
  readonly notes: readonly string[];
}

/** What is spoilt: a change, or one that depends on the world. */
type Spoil = Change | { readonly by: (world: World) => Change };

type Line = readonly [what: string, spoil: Spoil, expected: string, notes?: readonly string[]];

/** Cases of one section that spoil the same well-formed request. */
export function cases(section: string, base: Base, lines: readonly Line[]): readonly Case[] {
  return lines.map(([what, spoil, expected, notes = []]) => ({
    section,
    what,
    base,
    change: typeof spoil === 'function' ? () => spoil : spoil.by,
    expected,
    notes,
  }));
}

/** The same defects on several well-formed requests. */
export function everywhere(section: string, bases: readonly Base[], lines: readonly Line[]): readonly Case[] {
  return bases.flatMap((base) => cases(section, base, lines));
}

export const titleOf = ({ section, what, base }: Case): string => `${section}: ${base.name}, ${what}`;
