/**
 * Opens sealed values as the vault does, zeroes what it was lent, and waits: for a test that looks at the memory meanwhile.
 * Reads one line of JSON, `{ key, context, sealed }` in base64; writes a line when it has opened all, and ends with its input.
 */
import { createInterface } from 'node:readline';
import { openBytes } from '../../../src/vault/sealing.ts';

interface Task {
  readonly key: string;
  readonly context: string;
  readonly sealed: readonly string[];
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');
for await (const line of createInterface({ input: process.stdin })) {
  const { key, context, sealed } = JSON.parse(line) as Task;
  for (const value of sealed) openBytes(bytesOf(key), bytesOf(context), bytesOf(value)).fill(0);
  process.stdout.write('opened\n');
}
