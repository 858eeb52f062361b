/**
 * What this run of the program knows of the rows of one guarded table: the highest version that it read or committed, by
 * id. A MAC says that a row was ours once; this says that it still is. It outlives locking, not the process.
 *
 * A statement is built before it is committed, and may be refused. So a version that was built counts only when the row
 * is found with it: at the next look at the row, or at the end of this turn, whichever comes first.
 */
interface Known {
  readonly version: number;
  /** False for what was written while locked: that may still be taken over. */
  readonly signed: boolean;
  readonly removed: boolean;
}

type Built = { readonly version: number; readonly signed: boolean } | 'removal';

export class RowMemory {
  readonly #known = new Map<string, Known>();
  readonly #built = new Map<string, Built>();

  /** The version that the next row of this id continues from. */
  lastVersion(id: string): number {
    return this.#known.get(id)?.version ?? 0;
  }

  read(id: string, version: number): void {
    this.#raise(id, { version, signed: true, removed: false });
  }

  /** Notes a statement. `true` when it is the first that waits to be looked after. */
  build(id: string, built: Built): boolean {
    this.#built.set(id, built);
    return this.#built.size === 1;
  }

  waiting(): readonly string[] {
    return [...this.#built.keys()];
  }

  /** Learns whether what was built for this id was committed. */
  settle(id: string, found: { readonly version: number } | undefined): void {
    const built = this.#built.get(id);
    this.#built.delete(id);
    if (built === undefined) return;
    if (built === 'removal') {
      if (found === undefined) this.#known.set(id, { version: this.lastVersion(id), signed: true, removed: true });
    } else if (built.version === found?.version) {
      this.#raise(id, { ...built, removed: false });
    }
  }

  /** True when the row, or its absence, is older than what is known. */
  isPutBack(id: string, found: { readonly version: number } | undefined): boolean {
    const known = this.#known.get(id);
    if (known === undefined) return false;
    if (found === undefined) return !known.removed;
    return known.removed ? found.version <= known.version : found.version < known.version;
  }

  /** True when a row without a MAC is newer than everything that had one. */
  mayBeAdopted(id: string, version: number): boolean {
    const known = this.#known.get(id);
    return known === undefined || version > known.version || (version === known.version && !known.signed);
  }

  /** Ids of rows that ought to be there. */
  present(): readonly string[] {
    return [...this.#known].filter(([, known]) => !known.removed).map(([id]) => id);
  }

  #raise(id: string, next: Known): void {
    const known = this.#known.get(id);
    if (known === undefined || next.version > known.version || (next.version === known.version && next.signed)) {
      this.#known.set(id, next);
    }
  }
}
