import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bystanders, innocentImports, plantedImports } from './violations/imports.ts';
import { innocentLint, plantedLint } from './violations/lint.ts';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
const require = createRequire(import.meta.url);
const importRules = require('./dependencies.cjs') as { readonly forbidden: readonly { readonly name: string }[] };

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

async function writeTree(tree: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, code] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), `${code}\n`);
  }
}

/** A tree inside the project, so that its packages are found, and outside everything that is checked or shipped. */
async function makeTree(files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(root, 'test/output'), { recursive: true });
  const tree = await mkdtemp(join(root, 'test/output/planted-'));
  await writeTree(tree, {
    ...files,
    'tsconfig.json': JSON.stringify({ extends: '../../../tsconfig.json', include: ['src', 'electron', 'renderer'] }),
  });
  return tree;
}

/** Runs dependency-cruiser as the check does and returns what it found. */
async function cruise(folder: string): Promise<readonly Violation[]> {
  const folders = ['src', 'electron', 'renderer'].filter((name) => existsSync(join(folder, name)));
  const args = ['--config', join(root, 'test/architecture/dependencies.cjs'), '--output-type', 'json', ...folders];
  const result = await run(join(root, 'node_modules/.bin/depcruise'), args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { readonly stdout: string }) => error,
  );
  return (JSON.parse(result.stdout) as { readonly summary: { readonly violations: readonly Violation[] } }).summary.violations;
}

const trees: string[] = [];
afterAll(async () => {
  for (const tree of trees) await rm(tree, { recursive: true, force: true });
});

describe('the import map', () => {
  let found: readonly Violation[] = [];

  beforeAll(async () => {
    const planted = Object.fromEntries(plantedImports.map(({ from, code }) => [from, code]));
    const tree = await makeTree({ ...bystanders, ...innocentImports, ...planted });
    trees.push(tree);
    found = await cruise(tree);
  }, 60_000);

  it('has a planted violation for every rule', () => {
    const planted = new Set(plantedImports.map(({ rule }) => rule));
    expect(importRules.forbidden.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
  });

  it.each(plantedImports)('catches in $from: $rule', ({ rule, from }) => {
    expect(found.filter((violation) => violation.from === from).map((violation) => violation.rule.name)).toContain(rule);
  });

  it.each(Object.keys(innocentImports))('leaves %s in peace', (file) => {
    expect(found.filter((violation) => violation.from === file).map((violation) => violation.rule.name)).toEqual([]);
  });

  it('finds nothing in this tree', async () => {
    expect((await cruise(root)).map(({ rule, from }) => `${from}: ${rule.name}`)).toEqual([]);
  }, 60_000);
});

describe('the lint rules', () => {
  let found: ReadonlyMap<string, readonly string[]> = new Map();

  beforeAll(async () => {
    const planted = Object.fromEntries(plantedLint.map(({ file, code }) => [file, code]));
    const tree = await makeTree({ ...innocentLint, 'src/base/barrelled.ts': 'export const one = 1;', ...planted });
    trees.push(tree);
    const lint = new ESLint({ cwd: tree, overrideConfigFile: join(root, 'test/architecture/eslint.config.js') });
    const results = await lint.lintFiles(['src/**/*.ts', 'renderer/**/*.tsx']);
    found = new Map(
      results.map((result) => [
        result.filePath.slice(tree.length + 1),
        result.messages.map((message) => message.ruleId ?? message.message),
      ]),
    );
  }, 120_000);

  it.each(plantedLint)('catch $about', ({ rule, file }) => {
    expect(found.get(file)).toContain(rule);
  });

  it.each(Object.keys(innocentLint))('leave %s in peace', (file) => {
    expect(found.get(file)).toEqual([]);
  });
});
