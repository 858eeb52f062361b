import { scrypt } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import type { Log } from '../base/log.ts';

/**
 * A lock leaves memory that nothing refers to any more: strings with keys, key objects that OpenSSL wipes once they are
 * collected, pieces that Node and the C library have freed as they were. JavaScript cannot erase them, but its engine can be
 * made to collect them now and to clear what it frees, and what is free in the C library can be taken, overwritten and given back.
 *
 * Only a collection "of the last resort" gives back the pages that stood empty; an ordinary one leaves keys in them (measured:
 * 13 of 24). The second pass takes what the first one finalised; the last one finishes what helper threads had begun.
 */
const passes: readonly (() => void | Promise<void>)[] = [overwriteRegisters, nothing, overwriteFree, nothing];

/** Collects what is unreachable and clears the memory that it had. Stops the program for about 50 ms four times. */
export async function sweepMemory(): Promise<void> {
  collect ??= makeCollector();
  for (const prepare of passes) {
    // What the lock has cut comes to its end first, and the page gets its answer.
    await nextTurn();
    await nextTurn();
    await prepare();
    collect();
  }
}

interface Opens {
  onLock(task: () => void): void;
  onOpeningRefused(task: () => void): void;
}

/** Sweeps soon after each lock, and after each refused attempt to open: what was typed lies in memory, too. */
export function sweepAfterLock(vault: Opens, log: Log): void {
  let state: 'idle' | 'sweeping' | 'once more' = 'idle';
  const sweep = async (): Promise<void> => {
    if (state !== 'idle') {
      state = 'once more';
      return;
    }
    try {
      do {
        state = 'sweeping';
        await sweepMemory();
      } while ((state as string) === 'once more');
    } catch (error) {
      log.error({ error: String(error) }, 'memory was not swept after the lock');
    } finally {
      state = 'idle';
    }
  };
  vault.onLock(() => void sweep());
  vault.onOpeningRefused(() => void sweep());
}

let collect: (() => void) | undefined;

type Gc = (options: { readonly type: 'major'; readonly execution: 'sync'; readonly flavor: 'last-resort' }) => void;

function makeCollector(): () => void {
  // Stays on from here: pages are cleared after the collection, by a thread that is idle or when they are used again.
  v8.setFlagsFromString('--clear-free-memory');
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc') as Gc;
  v8.setFlagsFromString('--no-expose-gc');
  return () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Overwrites the free pieces of the C library's memory and the part of the stack that is not in use. */
function overwriteFree(): void {
  descend(descents, 0);
  const held: Buffer[] = [];
  const take = (pieceLength: number, bytes: number): void => {
    const count = Math.max(bytes / pieceLength, leastCount);
    for (let taken = 0; taken < count; taken += 1) held.push(Buffer.allocUnsafeSlow(pieceLength - pieceOverhead).fill(0));
  };
  // Large ones first: what is left over of them is taken by halves.
  for (let length = largestPiece; length > largestExact; length /= 2) take(length, length === largestPiece ? 4 * million : million);
  for (let length = largestExact; length >= smallestPiece; length -= exactStep) take(length, million / 64);
}

function nothing(): void {}

/** More than there are helper threads of Node, so that each takes one. */
const derivations = 16;

/**
 * A helper thread that has derived a key waits with the key in its registers, and a core dump has registers. Each derives one
 * that is no secret.
 */
async function overwriteRegisters(): Promise<void> {
  const derive = (): Promise<void> => new Promise((resolve) => scrypt('', '', 32, { N: 1024 }, () => resolve()));
  await Promise.all(Array.from({ length: derivations }, derive));
}

const million = 1024 * 1024;
/** What a read of Node's takes. Bytes, as are all below. */
const largestPiece = 64 * 1024;
/** Up to here glibc keeps free pieces by their exact length, seven of each, and gives them for no other. */
const largestExact = 1040;
const exactStep = 16;
const smallestPiece = 32;
/** In front of each piece. */
const pieceOverhead = 8;
/** Pieces of a length at least. */
const leastCount = 16;

/** Calls deep; about a third of the stack that the engine allows. */
const descents = 2_000;

function descend(left: number, sum: number): number {
  return left === 0 ? sum : descend(left - 1, sum + left) + 1;
}
