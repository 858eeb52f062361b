import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../src/store/sqlite.ts';
import type { Durability } from '../../src/store/store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'counterfoil-durability-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

for (const durability of ['power-loss', 'process-end'] satisfies readonly Durability[]) {
  test(`what was committed as ${durability} is there after the program was killed in the next moment`, () => {
    const file = join(folder, 'kept.db');
    const program = `
      import { openStore } from './src/store/sqlite.ts';
      const store = openStore({ file: ${JSON.stringify(file)} });
      for (let n = 0; n < 20; n += 1) store.commit([{ sql: 'INSERT INTO meta VALUES (?, ?)', values: [String(n), Buffer.of(n)] }], ${JSON.stringify(durability)});
      process.kill(process.pid, 'SIGKILL');`;
    const ended = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', program], { encoding: 'utf8' });
    expect(ended.signal, ended.stderr).toBe('SIGKILL');
    const store = openStore({ file });
    expect(store.all('SELECT key FROM meta')).toHaveLength(20);
    store.close();
  });
}
