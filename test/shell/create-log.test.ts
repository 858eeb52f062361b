import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { createLog } from '../../src/shell/create-log.ts';

describe('the log', () => {
  let folder = '';
  const said: string[] = [];
  const open = () => createLog(folder, (line) => said.push(line));
  const written = () => readFileSync(join(folder, 'counterfoil.log'), 'utf8');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cf-log-'));
    said.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is a file for this user alone, also when it was there before', () => {
    writeFileSync(join(folder, 'counterfoil.log'), '', { mode: 0o644 });
    const log = open();
    expect(statSync(log.file).mode & 0o777).toBe(0o600);
  });

  it('writes everything down and says only warnings and errors aloud', () => {
    const log = open();
    log.info({ id: 'x' }, 'quiet');
    log.warn({}, 'a warning');
    log.error({}, 'an error');
    expect(written().split('\n').filter(Boolean)).toHaveLength(3);
    expect(said).toEqual(['warning: a warning', 'error: an error']);
  });

  it('never writes a secret, wherever it was put', () => {
    const log = open();
    log.error(
      {
        passphrase: 'hunter2',
        request: { headers: { authorization: 'hunter2', dpop: 'hunter2' }, refresh_token: 'hunter2' },
        sealed: Secret.fromText('hunter2'),
      },
      'refused',
    );
    expect(written()).not.toContain('hunter2');
    expect(written()).toContain('[secret]');
    expect(said.join('\n')).not.toContain('hunter2');
  });

  it('begins a new file when the old one has grown large', () => {
    writeFileSync(join(folder, 'counterfoil.log'), 'x'.repeat(5 * 1024 * 1024 + 1));
    open().info({}, 'first');
    expect(written()).toContain('first');
    expect(written().length).toBeLessThan(1000);
    expect(statSync(join(folder, 'counterfoil.log.1')).size).toBeGreaterThan(5 * 1024 * 1024);
  });

  it('goes on, and stays small, when a folder stands in the place of the old file (security rule 29)', () => {
    mkdirSync(join(folder, 'counterfoil.log.1'));
    writeFileSync(join(folder, 'counterfoil.log'), 'x'.repeat(5 * 1024 * 1024 + 1));
    const log = open();
    for (let index = 0; index < 60; index += 1) log.info({ index, noise: 'x'.repeat(100_000) }, 'flood');
    expect(written()).toContain('"index":59');
    expect(written().length).toBeLessThan(5 * 1024 * 1024);
  });

  it('begins a new file also while it runs, and keeps one old one: a flood does not fill the disk (security rule 29)', () => {
    const log = open();
    for (let index = 0; index < 120; index += 1) log.info({ index, noise: 'x'.repeat(100_000) }, 'flood');
    log.info({}, 'last');
    expect(written()).toContain('last');
    expect(statSync(log.file).size).toBeLessThan(5.2 * 1024 * 1024);
    expect(statSync(`${log.file}.1`).size).toBeLessThan(5.2 * 1024 * 1024);
    expect(statSync(log.file).mode & 0o777).toBe(0o600);
  });
});
