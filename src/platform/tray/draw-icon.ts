import type { TrayState } from '../tray.ts';

/** What the icon says: one mark on the ticket. */
export type IconMark =
  | { readonly kind: 'ok' }
  | { readonly kind: 'locked' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'waiting'; readonly count: number };

/** The most urgent thing first: a locked vault hides what waits. */
export function markFor(state: TrayState): IconMark {
  if (state.vault !== 'unlocked') return { kind: 'locked' };
  if (state.pendingCount > 0) return { kind: 'waiting', count: state.pendingCount };
  return { kind: state.paused ? 'paused' : 'ok' };
}

type Point = readonly [x: number, y: number];
type Shape = (x: number, y: number) => boolean;
type Colour = readonly [red: number, green: number, blue: number];

/** Drawn on a grid of 22 by 22 units, whatever the number of pixels. */
const grid = 22;
const samples = 4;
const ink: Colour = [255, 255, 255];
const paper = {
  ok: [30, 132, 84],
  waiting: [191, 110, 0],
  locked: [112, 120, 115],
  paused: [112, 120, 115],
} as const satisfies Record<IconMark['kind'], Colour>;

/** Rows of three by five dots, the left dot is the highest bit. */
const digits: Readonly<Record<string, readonly number[]>> = {
  '1': [0b010, 0b110, 0b010, 0b010, 0b111],
  '2': [0b111, 0b001, 0b111, 0b100, 0b111],
  '3': [0b111, 0b001, 0b111, 0b001, 0b111],
  '4': [0b101, 0b101, 0b111, 0b001, 0b001],
  '5': [0b111, 0b100, 0b111, 0b001, 0b111],
  '6': [0b111, 0b100, 0b111, 0b101, 0b111],
  '7': [0b111, 0b001, 0b010, 0b010, 0b010],
  '8': [0b111, 0b101, 0b111, 0b101, 0b111],
  '9': [0b111, 0b101, 0b111, 0b001, 0b111],
  '+': [0b000, 0b010, 0b111, 0b010, 0b000],
};

/**
 * The counterfoil: a ticket with a perforation between stub and body, and the mark on the body.
 *
 * @param size Pixels of one side.
 * @returns Four bytes for each pixel, in the order alpha, red, green, blue, as StatusNotifierItem wants them.
 */
export function drawIcon(size: number, mark: IconMark): Buffer {
  const pixels = Buffer.alloc(size * size * 4);
  const glyph = glyphOf(mark);
  for (let index = 0; index < size * size; index += 1) {
    const [inked, papered] = coverage([index % size, Math.floor(index / size)], grid / size, glyph);
    const total = inked + papered;
    if (total === 0) continue;
    pixels[index * 4] = Math.round((255 * total) / samples ** 2);
    for (const channel of [0, 1, 2] as const) {
      const value = (ink[channel] * inked + paper[mark.kind][channel] * papered) / total;
      pixels[index * 4 + 1 + channel] = Math.round(value);
    }
  }
  return pixels;
}

function coverage([column, row]: Point, unit: number, glyph: Shape): readonly [inked: number, papered: number] {
  let inked = 0;
  let papered = 0;
  for (let sample = 0; sample < samples ** 2; sample += 1) {
    const x = (column + ((sample % samples) + 0.5) / samples) * unit;
    const y = (row + (Math.floor(sample / samples) + 0.5) / samples) * unit;
    if (!ticket(x, y)) continue;
    if (glyph(x, y)) inked += 1;
    else papered += 1;
  }
  return [inked, papered];
}

const ticket: Shape = (x, y) => box([1, 3], [21, 19], 2)(x, y) && !perforation(x, y);

const perforation: Shape = (x, y) => [3, 7, 11, 15, 19].some((hole) => Math.hypot(x - 6, y - hole) < 1.15);

function glyphOf(mark: IconMark): Shape {
  switch (mark.kind) {
    case 'ok':
      return union(line([9.5, 11.2], [12.2, 14], 1.15), line([12.2, 14], [17.6, 7.8], 1.15));
    case 'locked':
      return union(box([9, 10.2], [18, 16.4], 1), shackle);
    case 'paused':
      return line([9.6, 16], [17.6, 6], 1.3);
    case 'waiting':
      return mark.count > 9
        ? union(digit('9', [8, 6.7], 1.7), digit('+', [14.2, 6.7], 1.7))
        : digit(String(mark.count), [10.2, 5.5], 2.2);
  }
}

const shackle: Shape = (x, y) => {
  const distance = y < 9 ? Math.hypot(x - 13.5, y - 9) : Math.abs(x - 13.5);
  return y < 10.4 && distance > 1.7 && distance < 3.3;
};

function digit(character: string, [left, top]: Point, unit: number): Shape {
  const rows = digits[character] ?? [];
  return (x, y) => {
    const column = Math.floor((x - left) / unit);
    const row = rows[Math.floor((y - top) / unit)] ?? 0;
    return column >= 0 && column < 3 && ((row >> (2 - column)) & 1) === 1;
  };
}

function box([left, top]: Point, [right, bottom]: Point, radius: number): Shape {
  return (x, y) => {
    const beyondX = Math.max(left + radius - x, 0, x - (right - radius));
    const beyondY = Math.max(top + radius - y, 0, y - (bottom - radius));
    return Math.hypot(beyondX, beyondY) <= radius;
  };
}

function line([fromX, fromY]: Point, [toX, toY]: Point, halfWidth: number): Shape {
  const [alongX, alongY] = [toX - fromX, toY - fromY];
  return (x, y) => {
    const share = ((x - fromX) * alongX + (y - fromY) * alongY) / (alongX ** 2 + alongY ** 2);
    const nearest = Math.min(1, Math.max(0, share));
    return Math.hypot(x - fromX - nearest * alongX, y - fromY - nearest * alongY) <= halfWidth;
  };
}

function union(...shapes: readonly Shape[]): Shape {
  return (x, y) => shapes.some((shape) => shape(x, y));
}
