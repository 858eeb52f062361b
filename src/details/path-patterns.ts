/**
 * Patterns of paths: literal segments, `*` for exactly one segment, and at the end `**` for one or more. So small that
 * whether one pattern is within another is decided exactly, segment by segment.
 */
import { z } from 'zod';
import type { Member } from './members.ts';
import { isSet, shownText } from './schema.ts';

const mostPatterns = 16;
const longest = 300;

/** Patterns over the paths of an API: each literal segment in the one spelling that the gateway lets through. */
export const urlPatterns = (label: string): Member<readonly string[]> => patterns(label, isUrlSegment);

/** Patterns over names of files and folders, as a person writes them. */
export const filePatterns = (label: string): Member<readonly string[]> => patterns(label, isFileSegment);

function patterns(label: string, isLiteral: (segment: string) => boolean): Member<readonly string[]> {
  const one = shownText(longest).refine((text) => isPattern(text, isLiteral), 'is not a path pattern');
  return {
    schema: z
      .array(one)
      .min(1, 'is empty')
      .max(mostPatterns, `has more than ${mostPatterns} entries`)
      .refine(isSet, 'names a value twice'),
    within: (child, parent) => child.every((inner) => parent.some((outer) => isPatternWithin(inner, outer))),
    // What another pattern of the same set allows adds nothing.
    canonical: (value) =>
      value.filter((inner) => value.every((outer) => outer === inner || !isPatternWithin(inner, outer))).toSorted(),
    draw: (value = []) => [{ label, kind: 'choices', value, shrinks: value.length > 1, mono: true }],
  };
}

/** True when every path that `inner` allows, `outer` allows too. A path without wildcards is a pattern. */
export function isPatternWithin(inner: string, outer: string): boolean {
  const inside = segmentsOf(inner);
  const outside = segmentsOf(outer);
  for (const [index, segment] of outside.entries()) {
    const other = inside[index];
    if (other === undefined) return false;
    if (segment === '**') return true;
    if (other === '**' || (segment !== '*' && segment !== other)) return false;
  }
  return inside.length === outside.length;
}

/** True for a segment that names itself in a pattern of file names. */
export function isFileSegment(segment: string): boolean {
  return segment !== '.' && segment !== '..' && !/[/\\*]/.test(segment) && shownText(longest).safeParse(segment).success;
}

function isUrlSegment(segment: string): boolean {
  return segment !== '.' && segment !== '..' && /^(?:[\w.~!$&'()+,;=:@-]|%[0-9A-F]{2})+$/.test(segment);
}

function isPattern(text: string, isLiteral: (segment: string) => boolean): boolean {
  if (!text.startsWith('/')) return false;
  if (text === '/') return true;
  const segments = segmentsOf(text);
  return segments.every((segment, index) => {
    if (segment === '**') return index === segments.length - 1;
    return segment === '*' || isLiteral(segment);
  });
}

function segmentsOf(path: string): readonly string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

/** For people: what a pattern of file names means. */
export function inWords(pattern: string): string {
  if (pattern === '/**') return 'everything';
  if (pattern.endsWith('/**')) return `everything in ${pattern.slice(0, -3)}`;
  if (pattern === '/*') return 'what lies in the top folder';
  return pattern.endsWith('/*') ? `what lies directly in ${pattern.slice(0, -2)}` : pattern;
}
