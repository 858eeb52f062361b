import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusalCodes } from '../../src/base/errors.ts';
import { renderRefusalPage } from '../../src/gate/gate.ts';
import { findTestsByRule, rules, withCurrentTable } from './rules-table.ts';

const root = new URL('../..', import.meta.url).pathname;
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('SECURITY.md', () => {
  it('names the tests that hold each rule today (node test/architecture/rules-table.ts rewrites it)', () => {
    expect(read('SECURITY.md')).toBe(withCurrentTable(read('SECURITY.md')));
  });

  it('lists every story of an attack, and only those that are there', () => {
    const section = read('SECURITY.md').split('## What was tried against it')[1]?.split('\n## ')[0] ?? '';
    const stories = globSync(['test/attacks/*.test.ts', 'test/torture/web-page*.test.ts'], { cwd: root }).map((file) =>
      file.slice('test/'.length),
    );
    const named = [...section.matchAll(/`((?:attacks|torture)\/[\w-]+\.test\.ts)`/g)].map(([, file]) => file);
    expect(stories.length).toBeGreaterThan(6);
    expect([...new Set(named)].toSorted()).toEqual(stories.toSorted());
  });

  it('knows every rule that a test names', () => {
    expect([...findTestsByRule().keys()].filter((number) => rules[number - 1] === undefined)).toEqual([]);
  });
});

describe('src/ERRORS.md', () => {
  it('lists every code as it is answered today (node test/architecture/errors-page.ts rewrites it)', () => {
    expect(read('src/ERRORS.md')).toBe(renderRefusalPage());
    for (const code of refusalCodes) expect(renderRefusalPage()).toContain(`| \`${code}\` |`);
  });
});

describe('what people read first', () => {
  it('README, licence and changelog are there', () => {
    expect(read('LICENSE')).toContain('Apache License');
    expect(read('LICENSE')).toContain('END OF TERMS AND CONDITIONS');
    expect(read('CHANGELOG.md')).toContain((JSON.parse(read('package.json')) as { version: string }).version);
  });

  it.each(['README.md', 'SECURITY.md', 'CHANGELOG.md', 'src/README.md', 'src/ERRORS.md'])(
    '%s points only to files that are there',
    (file) => {
      const links = [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
      const base = join(root, file, '..');
      expect(links.filter((target) => !existsSync(join(base, target)))).toEqual([]);
    },
  );

  it('scripts are marked as such', () => {
    const staged = execFileSync('git', ['ls-files', '--stage', '.ci/run'], { cwd: root, encoding: 'utf8' });
    expect(staged === '' || staged.startsWith('100755')).toBe(true);
  });
});
