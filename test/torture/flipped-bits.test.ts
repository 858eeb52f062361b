import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backUpDatabase } from '../../src/store/back-up.ts';
import { copyOf, databaseOf, makeSampleData, type Reading, readData, removeFolder } from './flipped/sample-data.ts';
import { goal } from './goal.ts';

let folder: string;
/** The same data, its database restored from a copy that was taken. */
let restored: string;
let madeAt: number;
beforeAll(async () => {
  folder = await makeSampleData();
  madeAt = Date.now();
  restored = copyOf(folder);
  rmSync(databaseOf(restored));
  backUpDatabase(databaseOf(folder), databaseOf(restored));
});
afterAll(() => {
  removeFolder(folder);
  removeFolder(restored);
});

async function read(from: string, spoil?: (file: string) => void): Promise<Reading> {
  const copy = copyOf(from);
  try {
    spoil?.(databaseOf(copy));
    return await readData(copy, madeAt);
  } finally {
    removeFolder(copy);
  }
}

test('a database that is restored from a copy says what the first one said (goal R6)', async () => {
  const before = await read(folder);
  expect(before.kind).toBe('content');
  expect(await read(restored)).toEqual(before);
});

test('a bit that flips in the database or in its copy is detected or changes nothing (goal R6)', async () => {
  const { count, random, report } = goal('R6', 1000, 50);
  const before = await read(folder);
  const detected = new Map<string, number>();
  const silent: string[] = [];
  let harmless = 0;
  for (let n = 0; n < count; n += 1) {
    const source = random() < 0.5 ? folder : restored;
    const at = Math.floor(random() * statSync(databaseOf(source)).size);
    const bit = Math.floor(random() * 8);
    const reading = await read(source, (file) => flip(file, at, bit));
    if (reading.kind === 'wrong') detected.set(reading.how, (detected.get(reading.how) ?? 0) + 1);
    else if (before.kind === 'content' && reading.text === before.text) harmless += 1;
    else silent.push(`bit ${bit} of byte ${at} of ${source === folder ? 'the database' : 'the copy'}`);
  }
  const kinds = [...detected].map(([how, times]) => `${times} ${how}`).join(', ');
  report(
    `${silent.length} silent, ${harmless} harmless, ${[...detected.values()].reduce((sum, one) => sum + one, 0)} detected (${kinds})`,
  );
  expect(silent).toEqual([]);
  expect(kinds).not.toContain('not a refusal');
});

function flip(file: string, at: number, bit: number): void {
  const descriptor = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ (1 << bit);
  writeSync(descriptor, byte, 0, 1, at);
  closeSync(descriptor);
}
