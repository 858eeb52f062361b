import type { Risk } from '../details/details.ts';
import type { Lifetime } from './approvals.ts';

const minute = 60_000;
const hour = 60 * minute;

/** What each lifetime means. `uses` absent: any number of calls until the end. */
export const lifetimes: Readonly<Record<Lifetime, { readonly words: string; readonly uses?: number }>> = {
  once: { words: 'until used, at most 5 minutes', uses: 1 },
  '15m': { words: '15 minutes' },
  '1h': { words: '1 hour' },
  today: { words: 'until midnight' },
  '30d': { words: '30 days' },
};

/** The lifetimes that a person may choose; the first is preselected and never longer than one hour. */
export function lifetimesFor(risk: Risk, once: boolean): readonly Lifetime[] {
  if (once) return ['once'];
  switch (risk) {
    case 'low':
      return ['1h', 'once', '15m', 'today', '30d'];
    case 'medium':
      return ['1h', 'once', '15m', 'today'];
    case 'high':
      return ['15m', 'once', '1h'];
  }
}

/** The absolute end of a lifetime that begins now. */
export function endOf(lifetime: Lifetime, now: number): number {
  switch (lifetime) {
    case 'once':
      return now + 5 * minute;
    case '15m':
      return now + 15 * minute;
    case '1h':
      return now + hour;
    case 'today':
      return nextMidnight(now);
    case '30d':
      return now + 30 * 24 * hour;
  }
}

const localTime = new Intl.DateTimeFormat('en', { hourCycle: 'h23', hour: 'numeric', minute: 'numeric', second: 'numeric' });

function nextMidnight(now: number): number {
  const candidate = now - sinceMidnight(now) + 24 * hour;
  // A day on which the clocks change has 23 or 25 hours.
  const off = sinceMidnight(candidate);
  return off < 12 * hour ? candidate - off : candidate + (24 * hour - off);
}

function sinceMidnight(now: number): number {
  const parts = new Map(localTime.formatToParts(now).map((part) => [part.type, Number(part.value)]));
  return (parts.get('hour') ?? 0) * hour + (parts.get('minute') ?? 0) * minute + (parts.get('second') ?? 0) * 1000 + (now % 1000);
}
