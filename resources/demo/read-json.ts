/** Looking at JSON that somebody else wrote. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first member that is not known, if there is one. */
export function unknownMember(value: Readonly<Record<string, unknown>>, known: readonly string[]): string | undefined {
  return Object.keys(value).find((member) => !known.includes(member));
}

/** A list that is not empty, of known values only. */
export function isListOf(value: unknown, allowed: readonly string[]): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => allowed.includes(item as string));
}
