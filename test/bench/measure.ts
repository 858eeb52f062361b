/**
 * Timing that survives a noisy machine: the thing and its primitives run in turn, in one process, and only their
 * ratio is quoted. Figures are microseconds.
 */
export interface Measured {
  readonly name: string;
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
}

/** Something to time. `prepare` is not counted, and hands its result to `run`. */
export interface Candidate<Prepared = unknown> {
  readonly name: string;
  readonly prepare?: () => Prepared | Promise<Prepared>;
  readonly run: (prepared: Prepared) => unknown;
}

/** Runs the candidates in turn, `rounds` times each after `warmUp` uncounted rounds. */
export async function interleave(
  candidates: readonly Candidate<never>[],
  options: { readonly rounds: number; readonly warmUp: number },
): Promise<readonly Measured[]> {
  const samples = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
  for (let round = 0; round < options.warmUp + options.rounds; round += 1) {
    for (const { name, prepare, run } of candidates) {
      const prepared = (await prepare?.()) as never;
      const begin = process.hrtime.bigint();
      await run(prepared);
      const microseconds = Number(process.hrtime.bigint() - begin) / 1000;
      if (round >= options.warmUp) samples.get(name)?.push(microseconds);
    }
  }
  return candidates.map(({ name }) => summarise(name, samples.get(name) ?? []));
}

/** Median and 99th percentile of microseconds. */
export function summarise(name: string, values: readonly number[]): Measured {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { name, p50: at(0.5), p99: at(0.99), count: sorted.length };
}

/** One line of output. Begins with the goal's id, so that a script can find it. */
export function report(goal: string, text: string): void {
  process.stdout.write(`${goal} ${text}\n`);
}

/** The thing against the sum of its primitives, and each primitive, one line each. */
export function reportRatio(goal: string, measured: readonly Measured[], atMost: number): void {
  const [whole, ...primitives] = measured;
  if (whole === undefined) throw new Error('nothing was measured');
  const sum = primitives.reduce((total, { p50 }) => total + p50, 0);
  report(goal, `${whole.name}: p50 ${milliseconds(whole.p50)}, p99 ${milliseconds(whole.p99)}, ${whole.count} rounds`);
  for (const { name, p50 } of primitives) report(goal, `  ${name}: p50 ${milliseconds(p50)}`);
  report(goal, `p50 over the sum of its primitives: ${(whole.p50 / sum).toFixed(2)} (goal: at most ${atMost})`);
}

/** `1.234 ms`. */
export function milliseconds(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(3)} ms`;
}
