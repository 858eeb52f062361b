import type { SentenceView } from '../contract/shapes.ts';

/** A sentence of the core as plain text. */
export function sentenceText(sentence: SentenceView): string {
  return sentence.map(({ text }) => text).join('');
}

/** An instant as people on this machine write it. */
export function instantText(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '-';
  const local = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())} ${two(local.getHours())}:${two(local.getMinutes())}`;
}

/** How long until an instant, coarse. */
export function untilText(milliseconds: number, now: number): string {
  const seconds = Math.round((milliseconds - now) / 1000);
  if (seconds <= 0) return 'over';
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** `1 grant`, `2 grants`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
