import { describe, expect, test } from 'vitest';
import { drawIcon, type IconMark, markFor } from '../../src/platform/tray/draw-icon.ts';

const marks: readonly IconMark[] = [
  { kind: 'ok' },
  { kind: 'locked' },
  { kind: 'paused' },
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((count) => ({ kind: 'waiting', count }) as const),
];

/** Alpha, red, green, blue of the pixel at a point of the 22 by 22 grid. */
function pixelAt(icon: Buffer, size: number, [x, y]: readonly [number, number]): readonly number[] {
  const index = (Math.floor((y * size) / 22) * size + Math.floor((x * size) / 22)) * 4;
  return [...icon.subarray(index, index + 4)];
}

describe('the mark on the icon', () => {
  test.each([
    [{ vault: 'locked', paused: true, pendingCount: 4 }, { kind: 'locked' }],
    [{ vault: 'absent', paused: false, pendingCount: 0 }, { kind: 'locked' }],
    [
      { vault: 'unlocked', paused: true, pendingCount: 4 },
      { kind: 'waiting', count: 4 },
    ],
    [{ vault: 'unlocked', paused: true, pendingCount: 0 }, { kind: 'paused' }],
    [{ vault: 'unlocked', paused: false, pendingCount: 0 }, { kind: 'ok' }],
  ] as const)('for %j is %j', (state, mark) => {
    expect(markFor(state)).toEqual(mark);
  });
});

describe.each([22, 44])('the icon at %i pixels', (size) => {
  test('is as large as the panel expects', () => {
    expect(drawIcon(size, { kind: 'ok' }).length).toBe(size * size * 4);
  });

  test('is another picture for each mark', () => {
    const pictures = marks.map((mark) => drawIcon(size, mark).toString('base64'));
    expect(new Set(pictures).size).toBe(marks.length);
  });

  test('is a ticket: paper, holes in the perforation, nothing outside', () => {
    const icon = drawIcon(size, { kind: 'ok' });
    expect(pixelAt(icon, size, [3, 11])).toEqual([255, 30, 132, 84]);
    expect(pixelAt(icon, size, [6, 11])[0]).toBeLessThan(255);
    expect(pixelAt(icon, size, [0, 0])).toEqual([0, 0, 0, 0]);
    expect(pixelAt(icon, size, [12, 13.4])).toEqual([255, 255, 255, 255]);
  });
});

test('more than nine look alike', () => {
  expect(drawIcon(22, { kind: 'waiting', count: 10 })).toEqual(drawIcon(22, { kind: 'waiting', count: 400 }));
});
