import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeInstanceLock } from '../../src/shell/instance-lock.ts';

const face = new URL('../../src/shell/instance-lock.ts', import.meta.url).href;

describe('the lock of the data folder', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cf-lock-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is held by one and free again afterwards', () => {
    const first = takeInstanceLock(folder);
    expect(first).toBeDefined();
    expect(takeInstanceLock(folder)).toBeUndefined();
    first?.release();
    const second = takeInstanceLock(folder);
    expect(second).toBeDefined();
    second?.release();
  });

  it('is for this user alone', () => {
    const lock = takeInstanceLock(folder);
    expect(statSync(join(folder, 'instance.lock')).mode & 0o777).toBe(0o600);
    lock?.release();
  });

  it('is let go by a process that was killed, with nothing to clean up', async () => {
    const code = `const { takeInstanceLock } = await import(${JSON.stringify(face)}); globalThis.lock = takeInstanceLock(${JSON.stringify(folder)}); console.log(lock ? 'taken' : 'refused'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(holder.stdout, 'data')) as [Buffer];
    expect(said.toString()).toContain('taken');
    expect(takeInstanceLock(folder)).toBeUndefined();
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    const lock = takeInstanceLock(folder);
    expect(lock).toBeDefined();
    lock?.release();
  });

  it('refuses a folder that cannot be written, in words', () => {
    expect(() => takeInstanceLock(join(folder, 'absent'))).toThrow(expect.objectContaining({ code: 'launch_failed' }));
  });
});
