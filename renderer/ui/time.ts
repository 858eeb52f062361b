const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A whole number with separators. */
export function number(value: number): string {
  return value.toLocaleString('en-GB');
}

/** `1:42`, `12:05`, `1 h 5 min` from an hour on, `0:00` when over. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / second));
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** `42 s`, `1 min 42 s`, `2 h 5 min`, `3 days`: for a sentence. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / second));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 600) return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const days = Math.round(milliseconds / day);
  return days === 1 ? '1 day' : `${days} days`;
}

function startOfDay(instant: number): number {
  const date = new Date(instant);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Whole days between the calendar days of two instants; not misled by a day of 23 or 25 hours. */
function daysBetween(earlier: number, later: number): number {
  return Math.round((startOfDay(later) - startOfDay(earlier)) / day);
}

/** `17:31`. */
export function clockTime(instant: number): string {
  return new Date(instant).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

/** `12 Oct`, with the year when it is another. */
export function shortDate(instant: number, now: number): string {
  const sameYear = new Date(instant).getFullYear() === new Date(now).getFullYear();
  return new Date(instant).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
  });
}

/** `today 18:00`, `tomorrow 09:30`, `yesterday 16:02`, `29 Nov`. */
export function dayAndTime(instant: number, now: number): string {
  const days = daysBetween(now, instant);
  if (days === 0) return `today ${clockTime(instant)}`;
  if (days === 1) return `tomorrow ${clockTime(instant)}`;
  if (days === -1) return `yesterday ${clockTime(instant)}`;
  return shortDate(instant, now);
}

/** The whole instant, for a tooltip. */
export function absolute(instant: number): string {
  return new Date(instant).toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'long' });
}

/** `just now`, `2 min ago`, `3 h ago`, `yesterday`, `5 days ago`, `12 Oct`. Anything ahead of now is `just now`: clocks differ. */
export function ago(instant: number, now: number): string {
  const elapsed = now - instant;
  if (elapsed < minute) return 'just now';
  if (elapsed < hour) return `${Math.floor(elapsed / minute)} min ago`;
  const days = daysBetween(instant, now);
  if (days === 0 || elapsed < 6 * hour) return `${Math.floor(elapsed / hour)} h ago`;
  if (days === 1) return 'yesterday';
  if (days < 14) return `${days} days ago`;
  return shortDate(instant, now);
}
