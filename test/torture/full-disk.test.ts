import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sealedFileKeychain } from '../../src/platform/keychain/sealed-file.ts';
import { operations } from './failing/operations.ts';
import { expectWhole, openWorldOfFaults, type WorldOfFaults } from './failing/world-of-faults.ts';
import { goal } from './goal.ts';

/** A file system of its own, so that it can be full: needs root. */
const folder = mkdtempSync(join(tmpdir(), 'counterfoil-full-'));
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0700', 'tmpfs', folder]).status === 0;
if (!isMounted) console.warn('NOT TRIED HERE (goal R2): a full disk. It needs root, to mount a small file system.');
afterAll(() => {
  if (isMounted) spawnSync('umount', ['--lazy', folder]);
  rmSync(folder, { recursive: true, force: true });
});

const filler = join(folder, 'filler');

/** Writes until the system itself says ENOSPC. */
function fill(): void {
  const file = openSync(filler, 'w');
  try {
    for (const block of [Buffer.alloc(1024 * 1024, 1), Buffer.alloc(4096, 1)]) {
      try {
        for (;;) writeSync(file, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

describe.skipIf(!isMounted)('a disk that is full (goal R2)', () => {
  let world: WorldOfFaults;
  beforeAll(async () => {
    world = await openWorldOfFaults({
      file: join(folder, 'data', 'counterfoil.db'),
      keychain: sealedFileKeychain(join(folder, 'data', 'keychain.json')),
    });
  });
  afterAll(() => world.close());

  const all = Object.entries(operations);
  const { report } = goal('R2', all.length, all.length);
  const failed: string[] = [];

  test.each(all)(
    'while %s: a clear error, no token without its entry, and it goes on when there is room',
    async (name, operation) => {
      await world.settle();
      const act = await operation(world);
      // Nothing that was written before leaves room within the files.
      world.running.store.first('PRAGMA wal_checkpoint(TRUNCATE)');
      fill();
      let outcome: string;
      try {
        outcome = await act().catch((error: unknown) => `not a refusal: ${String(error)}`);
      } finally {
        rmSync(filler);
      }
      expectWhole(world, outcome, `${name}: ${outcome}`);
      if (outcome !== 'ok') failed.push(name);
      await world.settle();
      expect(await (await operation(world))(), `${name} when there is room again`).toBe('ok');
    },
  );

  test('every operation that changes something was refused', () => {
    const lowersAnyway = ['a card is shown', 'the vault is locked'];
    expect(all.map(([name]) => name).filter((name) => !failed.includes(name) && !lowersAnyway.includes(name))).toEqual([]);
    report(`${failed.length} operations refused on a file system that was full, 0 by half; all went on when there was room`);
  });
});
