/** A typed whole number that is at least one and no more than was asked; `undefined` for anything else. */
export function parseLimitInput(typed: string, asked: number): number | undefined {
  const compact = typed.trim();
  if (!/^\d{1,15}$/.test(compact)) return undefined;
  const value = Number(compact);
  return value >= 1 && value <= asked ? value : undefined;
}

/** An instant as an `<input type="datetime-local">` holds it, in the time of this computer: `2026-11-23T09:00:00`. */
export function localInput(instant: string): string {
  const date = new Date(instant);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

interface TimeBound {
  /** RFC 3339 in UTC, whole seconds. */
  readonly asked: string;
  readonly bound: 'earliest' | 'latest';
}

/** What such an input holds, in UTC as it is sent, when it is no wider than what was asked; `undefined` for anything else. */
export function parseTimeInput(typed: string, { asked, bound }: TimeBound): string | undefined {
  // An hour that comes twice a year reads as its first: what was not touched stays what was asked.
  if (typed === localInput(asked)) return asked;
  const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(typed) ? Date.parse(typed) : Number.NaN;
  if (Number.isNaN(instant)) return undefined;
  const wider = bound === 'earliest' ? instant < Date.parse(asked) : instant > Date.parse(asked);
  return wider ? undefined : `${new Date(instant).toISOString().slice(0, 19)}Z`;
}
