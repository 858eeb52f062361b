import { Refusal } from '../../../src/base/errors.ts';
import type { Store } from '../../../src/store/store.ts';

/**
 * How a commit fails. `before`: nothing of it was tried. `within`: all of its statements ran, and its end did not.
 * `full`: SQLite itself says that the disk is full, at whatever needs one more page.
 */
export type Fault = 'before' | 'within' | 'full';

export interface FailingStore {
  /** From the `nth` commit on, counted from now, every commit fails, until {@link FailingStore.heal}. */
  failFrom(nth: number, fault: Fault): void;
  /** The fault is gone. Returns how many commits had failed. */
  heal(): number;
}

/** Puts faults under everybody who uses this store. */
export function failing(store: Store): FailingStore {
  const commit = store.commit.bind(store);
  let left = Number.POSITIVE_INFINITY;
  let fault: Fault = 'before';
  let failed = 0;
  store.commit = (change, durability) => {
    left -= 1;
    if (left > 0) return commit(change, durability);
    failed += 1;
    if (fault === 'before') throw new Refusal('store_failed', 'The data could not be read or written. Nothing was changed.');
    // Both fail inside SQLite's own transaction, which takes back what had been done.
    const last =
      fault === 'within'
        ? { sql: 'INSERT INTO nowhere VALUES (1)', values: [] }
        : { sql: "INSERT INTO meta VALUES ('filler', zeroblob(10000000))", values: [] };
    if (fault === 'full') store.first(`PRAGMA max_page_count = ${pagesOf(store)}`);
    try {
      return commit([...change, last], durability);
    } finally {
      if (fault === 'full') store.first('PRAGMA max_page_count = 1073741823');
    }
  };
  return {
    failFrom(nth, how) {
      left = nth;
      fault = how;
      failed = 0;
    },
    heal() {
      left = Number.POSITIVE_INFINITY;
      return failed;
    },
  };
}

function pagesOf(store: Store): number {
  return Number(Object.values(store.first<Record<string, number>>('PRAGMA page_count') ?? {})[0]);
}
