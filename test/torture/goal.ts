/**
 * Goals that are counted: ten thousand kills, a million proofs. `npm run torture` runs them whole; `npm test` runs a hundredth,
 * with a seed that is printed, so that a failure can be run again:
 *
 * ```sh
 * TORTURE_SEED=123 npm run torture
 * ```
 *
 * A test asks for its count, does its work, and reports what it found. The figures are printed together at the end.
 */
import { appendFileSync } from 'node:fs';

/** Set by the runner: `whole` for the full counts. */
const whole = process.env['TORTURE_COUNTS'] === 'whole';

export interface Goal {
  /** How many to run now. */
  readonly count: number;
  /** 32 bits, for fast-check and for {@link Goal.random}. Equal in one run of the runner. */
  readonly seed: number;
  /** Between 0 and 1, always the same sequence for one seed and goal. */
  readonly random: () => number;
  /** What was found, in a few words: "0 lost, 0 corrupt". Printed with the count and the seed. */
  readonly report: (found: string) => void;
}

/**
 * @param id As in the list of goals, for example `R1`.
 * @param full The count of the goal.
 * @param part How many of it `npm test` runs. Default: a hundredth, one at least.
 */
export function goal(id: string, full: number, part = Math.max(1, Math.round(full / 100))): Goal {
  const count = whole ? full : part;
  const seed = Number(process.env['TORTURE_SEED'] ?? 1) >>> 0;
  let state = [...id].reduce((mixed, letter) => Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193), seed ^ 0x811c9dc5);
  return {
    count,
    seed,
    // splitmix32
    random: () => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
    },
    report: (found) => {
      const file = process.env['TORTURE_FIGURES'];
      const line = `${id.padEnd(4)} ${count.toLocaleString('en')} of ${full.toLocaleString('en')}: ${found}`;
      if (file !== undefined) appendFileSync(file, `${line}\n`);
    },
  };
}
