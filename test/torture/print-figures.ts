import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const file = join(import.meta.dirname, '../output/torture.txt');

/** Chooses the seed, lets the tests write down their figures, and prints them together. */
export function setup(): () => void {
  process.env['TORTURE_SEED'] ??= String(Math.floor(Math.random() * 2 ** 32));
  process.env['TORTURE_FIGURES'] = file;
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  writeFileSync(file, '');
  console.log(`TORTURE_SEED=${process.env['TORTURE_SEED']}`);
  return () => {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean).sort();
    console.log(`\nGoals that are counted (TORTURE_SEED=${process.env['TORTURE_SEED']})\n${lines.join('\n')}\n`);
  };
}
