/** A sleep or a step of the clock smaller than this is not told from jitter. */
const noticedMs = 1_000;

/**
 * How much time has passed, never less than that and never going back: a clock that stands still while the machine sleeps,
 * plus every leap that the wall clock made ahead of it. A wall clock that is set back changes nothing.
 *
 * @param wall Milliseconds since the epoch; may be set by anybody.
 * @param running Milliseconds; only ever goes on, but stands still in sleep.
 */
export function elapsedBy(wall: () => number, running: () => number): () => number {
  const start = running();
  let ahead = wall() - start;
  let leapt = 0;
  return () => {
    const ran = running();
    const step = wall() - ran - ahead;
    if (Math.abs(step) >= noticedMs) {
      leapt += Math.max(0, step);
      ahead += step;
    }
    return ran - start + leapt;
  };
}
