/** Planted violations of the lint rules, as {@link import('./imports.ts')} has them for the import map. */
export interface PlantedLint {
  /** What the rule is about, for the test's name. */
  readonly about: string;
  readonly rule: string;
  readonly file: string;
  readonly code: string;
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

const clock = 'export const time = () => Date.now();';
const call = `export const page = () => fetch('http://127.0.0.1');`;

export const plantedLint: readonly PlantedLint[] = [
  {
    about: 'a file of more than 400 lines',
    rule: 'max-lines',
    file: 'src/base/long-file.ts',
    code: lines(401, (index) => `export const line${index} = ${index};`),
  },
  {
    about: 'a function of more than 60 lines',
    rule: 'max-lines-per-function',
    file: 'src/base/long-function.ts',
    code: `export function long(): void {\n${lines(61, (index) => `  globalThis.name = '${index}';`)}\n}`,
  },
  {
    about: 'a function with four parameters',
    rule: 'max-params',
    file: 'src/base/many-parameters.ts',
    code: 'export const sum = (a: number, b: number, c: number, d: number) => a + b + c + d;',
  },
  {
    about: 'a file name that is not kebab-case',
    rule: 'unicorn/filename-case',
    file: 'src/base/CamelName.ts',
    code: 'export const name = 1;',
  },
  {
    about: 'a promise that nobody waits for',
    rule: '@typescript-eslint/no-floating-promises',
    file: 'src/base/floating.ts',
    code: 'const later = async () => 1;\nexport function start(): void {\n  later();\n}',
  },
  {
    about: 'a switch that forgets a case',
    rule: '@typescript-eslint/switch-exhaustiveness-check',
    file: 'src/base/forgetful.ts',
    code: `export function say(answer: 'yes' | 'no'): string {\n  switch (answer) {\n    case 'yes':\n      return 'y';\n  }\n  return '';\n}`,
  },
  {
    about: 'a type imported as a value',
    rule: '@typescript-eslint/consistent-type-imports',
    file: 'src/base/type-import.ts',
    code: `import { Stats } from 'node:fs';\nexport const size = (stats: Stats) => stats.size;`,
  },
  {
    about: 'a thrown string',
    rule: '@typescript-eslint/only-throw-error',
    file: 'src/base/thrower.ts',
    code: `export function stop(): never {\n  throw 'no';\n}`,
  },
  {
    about: 'an enum',
    rule: 'no-restricted-syntax',
    file: 'src/base/enumerated.ts',
    code: 'export enum Answer {\n  Yes,\n  No,\n}',
  },
  {
    about: 'a default export',
    rule: 'no-restricted-syntax',
    file: 'src/base/defaulted.ts',
    code: 'const one = 1;\nexport default one;',
  },
  {
    about: 'a barrel',
    rule: 'no-restricted-syntax',
    file: 'src/base/barrel.ts',
    code: `export * from './barrelled.ts';`,
  },
  { about: 'the time outside the Clock', rule: 'no-restricted-globals', file: 'src/grants/timed.ts', code: clock },
  {
    about: 'the time in a folder that may call out',
    rule: 'no-restricted-globals',
    file: 'src/connections/timed.ts',
    code: clock,
  },
  { about: 'a call to the network', rule: 'no-restricted-globals', file: 'src/grants/caller.ts', code: call },
  {
    about: 'the console',
    rule: 'no-restricted-globals',
    file: 'src/grants/speaker.ts',
    code: `export const speak = () => console.log('x');`,
  },
  {
    about: 'predictable randomness',
    rule: 'no-restricted-properties',
    file: 'src/grants/gambler.ts',
    code: 'export const dice = () => Math.random();',
  },
  {
    about: 'the environment outside a shell',
    rule: 'no-restricted-properties',
    file: 'src/grants/settings.ts',
    code: `export const home = () => process.env['HOME'];`,
  },
  {
    about: 'a hook behind a condition',
    rule: 'react-hooks/rules-of-hooks',
    file: 'renderer/ui/conditional.tsx',
    code: `import { useState } from 'react';\nexport function Odd(props: { readonly on: boolean }) {\n  if (props.on) useState(1);\n  return null;\n}`,
  },
];

/** Files that no rule may catch. */
export const innocentLint: Readonly<Record<string, string>> = {
  'src/connections/caller.ts': call,
  'src/base/clock.ts': clock,
  'src/shell/environment.ts': `export const home = () => process.env['HOME'];`,
  'src/store/migrations/0001-first.ts': 'export const first = 1;',
};
