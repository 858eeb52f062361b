/**
 * How calls of one provider's API read in terms of a type: a table that ships with a preset. A member that a rule says
 * nothing about stays out of what the call needs; where the grant restricts that member, the call is not covered.
 */
import type { CallFacts } from './details.ts';
import { isFileSegment } from './path-patterns.ts';

export interface CallRule {
  readonly method: string;
  /** Segments; `{name}` takes one, and at the end `{name+}` one or more. */
  readonly path: string;
  /** What the query may name, each at most once. Default nothing. */
  readonly query?: readonly string[];
  /** True when the call has a JSON body. Default: it has none. */
  readonly body?: boolean;
  /** Members of the detail that the call needs, with `{name}` from the path and `{?name}` from the query filled in. */
  readonly needs: Readonly<Record<string, string | readonly string[]>>;
}

/** The members that a call needs by the first rule that fits it; `undefined` when none does. */
export function neededByRules(
  call: CallFacts,
  rules: readonly CallRule[] = [],
): Readonly<Record<string, string | readonly string[]>> | undefined {
  for (const rule of rules) {
    const captured = capture(call, rule);
    if (captured) return filled(rule.needs, captured);
  }
  return undefined;
}

type Captured = ReadonlyMap<string, string>;

function capture(call: CallFacts, rule: CallRule): Captured | undefined {
  if (call.method !== rule.method || (call.body !== undefined) !== (rule.body ?? false)) return undefined;
  const captured = captureQuery(call.query, rule.query ?? []);
  return captured && capturePath(call.path, rule.path, captured);
}

function captureQuery(query: URLSearchParams, known: readonly string[]): Map<string, string> | undefined {
  const captured = new Map<string, string>();
  for (const [name, value] of query) {
    // security: rule 7, what is not known, or stands twice, refuses the call
    if (!known.includes(name) || captured.has(`?${name}`)) return undefined;
    captured.set(`?${name}`, value);
  }
  return captured;
}

function capturePath(path: string, template: string, captured: Map<string, string>): Captured | undefined {
  const segments = path.slice(1).split('/');
  const expected = template.slice(1).split('/');
  for (const [index, part] of expected.entries()) {
    const [, name, many] = /^\{(\w+)(\+?)\}$/.exec(part) ?? [];
    const taken = many === '+' ? segments.slice(index) : segments.slice(index, index + 1);
    if (taken.length === 0) return undefined;
    if (name === undefined) {
      if (taken[0] !== part) return undefined;
      continue;
    }
    const decoded = taken.map((segment) => decodeURIComponent(segment));
    // A segment that would read as a wildcard, or as two, names nothing.
    if (!decoded.every(isFileSegment)) return undefined;
    captured.set(name, decoded.join('/'));
    if (many === '+') return captured;
  }
  return segments.length === expected.length ? captured : undefined;
}

function filled(needs: CallRule['needs'], captured: Captured): Record<string, string | readonly string[]> {
  const members: Record<string, string | readonly string[]> = {};
  for (const [member, value] of Object.entries(needs)) {
    const texts = [value].flat().map((text) => fill(text, captured));
    const known = texts.filter((text) => text !== undefined);
    if (known.length === 0) continue;
    members[member] = typeof value === 'string' ? (known[0] ?? '') : known;
  }
  return members;
}

/** `undefined` when the query did not say it. */
function fill(template: string, captured: Captured): string | undefined {
  let complete = true;
  const text = template.replaceAll(/\{(\??\w+)\}/g, (_whole, name: string) => {
    complete &&= captured.has(name);
    return captured.get(name) ?? '';
  });
  return complete ? text : undefined;
}
