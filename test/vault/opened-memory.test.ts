import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { sealBytes } from '../../src/vault/sealing.ts';
import { CanarySearch } from '../torture/support/canaries.ts';
import { searchMemory } from '../torture/support/process-memory.ts';

const program = new URL('support/open-values.ts', import.meta.url).pathname;
const key = randomBytes(32);
const context = Buffer.from('a context');

/** Names of the values that are found in the memory of a process that has opened and zeroed all of them. */
async function foundAfterOpening(values: readonly Buffer[]): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--no-warnings', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  try {
    const sealed = values.map((value) => sealBytes(key, context, value).toString('base64'));
    child.stdin.write(`${JSON.stringify({ key: key.toString('base64'), context: context.toString('base64'), sealed })}\n`);
    expect(String(await once(child.stdout, 'data'))).toBe('opened\n');
    const search = new CanarySearch(
      values.map((value, index) => ({ kind: 'value', name: `${index}: ${value.length} bytes`, value })),
    );
    const { found, bytes } = searchMemory(child.pid ?? 0, search);
    expect(bytes).toBeGreaterThan(10_000_000);
    return [...new Set(found.map(({ canary, form }) => `${canary.name}, ${form}`))];
  } finally {
    child.stdin.end();
    await ended;
  }
}

describe.skipIf(process.platform !== 'linux')('what the vault lends, in memory', () => {
  test('a value that was zeroed after it was lent stands nowhere else (goal M1)', async () => {
    const lengths = [32, 43, 200, 700, 1008, 1500, 4000];
    const values = [...lengths, ...lengths].map((length) => randomBytes(length));
    expect(await foundAfterOpening(values)).toEqual([]);
  }, 120_000);
});
