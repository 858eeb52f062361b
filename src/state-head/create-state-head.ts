import { Refusal } from '../base/errors.ts';
import type { Change, Durability, Mark, SqlValue, Statement, Store } from '../store/store.ts';
import { type Compared, compareState, firstEpoch, hasRowsOfOurs } from './compare-state.ts';
import { type Anchor, type Head, type SignedHead, signHead } from './head.ts';
import { KeychainCopy } from './keychain-copy.ts';
import { Leaves, leafKey, refusedLeaf, rowOf } from './leaves.ts';
import { actualLeaves, entryHash, newestEntry, storedHead, storedLeaves } from './read-state.ts';
import type { Finding, StateHead, StateHeadDeps } from './state-head.ts';

/** The state head of what is in `store`. */
export function createStateHead(deps: StateHeadDeps): StateHead {
  return new KeptStateHead(deps);
}

const copyEveryMs = 5_000;

/** After one of these the copy is renewed at once: a revocation must not be undone by putting back what was before it. */
const takesAway: ReadonlySet<string> = new Set([
  'grant.revoked',
  'approval.denied',
  'agent.suspended',
  'agent.removed',
  'agents.paused',
  'connection.signed_out',
  'connection.removed',
  'token.revoked',
]);

const upsertHead = `INSERT INTO state_head (id, body, mac) VALUES (1, ?, ?)
ON CONFLICT (id) DO UPDATE SET body = excluded.body, mac = excluded.mac`;
const upsertLeaf = `INSERT INTO state_leaves (table_name, row_id, mac) VALUES (?, ?, ?)
ON CONFLICT (table_name, row_id) DO UPDATE SET mac = excluded.mac`;
const deleteLeaf = 'DELETE FROM state_leaves WHERE table_name = ? AND row_id = ?';

class KeptStateHead implements StateHead {
  readonly store: Store;
  readonly #deps: StateHeadDeps;
  readonly #copy: KeychainCopy;
  #leaves = new Leaves();
  #head: Head | undefined;
  #signed: SignedHead | undefined;
  /** The newest entry of the log that this run has written. */
  #newest: Anchor | undefined;
  /** False from each unlock until {@link check} has ended. */
  #checked = false;
  /** The stored leaves as they shall be: what a check with findings took over, until what it found is written, too. */
  #owed: readonly Statement[] | undefined;
  /** Who signs what was written while locked, by table. */
  readonly #signers = new Map<string, ((id: string) => Statement | undefined)[]>();
  #cancelTimer: (() => void) | undefined;

  constructor(deps: StateHeadDeps) {
    this.#deps = deps;
    this.#copy = new KeychainCopy(deps);
    this.store = headed(deps.store, {
      commit: (change, durability) => this.#commit(change, durability),
      isNewest: (table, id, mac) => this.#isNewest(table, id, mac),
      signsUnsigned: (table, sign) => this.#signers.set(table, [...(this.#signers.get(table) ?? []), sign]),
    });
    deps.vault.onLock(() => {
      this.#checked = false;
      this.#owed = undefined;
      this.#renewCopy();
    });
  }

  async check(tell: (findings: readonly Finding[]) => void): Promise<void> {
    const { store, vault } = this.#deps;
    if (vault.state() !== 'unlocked') throw locked();
    const copy = await this.#copy.read();
    if (vault.state() !== 'unlocked') throw locked();
    const stored = storedHead(store);
    if (stored === undefined && copy === undefined && !hasRowsOfOurs(store)) await this.#announceFirst();
    if (vault.state() !== 'unlocked') throw locked();
    const leaves = storedLeaves(store);
    const compared = compareState({ store, vault, copy, stored, leaves, sign: (table, id) => this.#sign(table, id) });
    this.#takeOver(compared);
    tell(compared.findings);
    if (this.#owed !== undefined) throw new Error('what was found was not written down');
  }

  /** The copy of the head that is about to be the first: without it a program that ended too early would look like a removed copy. */
  async #announceFirst(): Promise<void> {
    this.#leaves = new Leaves();
    this.#newest = newestEntry(this.#deps.store);
    this.#copy.write({ head: this.#nextHead(firstEpoch - 1).signed });
    await this.#copy.settle();
  }

  async settle(): Promise<void> {
    if (this.#cancelTimer !== undefined) this.#renewCopy();
    await this.#copy.settle();
  }

  #sign(table: string, id: string): Statement | undefined {
    return this.#signers.get(table)?.flatMap((sign) => sign(id) ?? [])[0];
  }

  /** What is there is the state from now on, whatever was found: the gap is recorded by the caller. */
  #takeOver({ findings, epoch, adoptions, refused }: Compared): void {
    const { store } = this.#deps;
    const before = storedLeaves(store);
    this.#leaves = actualLeaves(store);
    for (const key of refused) this.#leaves.set(key, refusedLeaf);
    for (const { mark } of adoptions) if (mark !== undefined) this.#apply(mark);
    this.#newest = newestEntry(store);
    const next = this.#nextHead(epoch);
    const changes = [...adoptions, ...leafChanges(before, this.#leaves)];
    this.#checked = true;
    if (findings.length > 0) {
      // security: rule 8, taken over in the transaction that writes down what was found, or it would be forgotten in between
      this.#owed = changes;
      this.#head = next.head;
      return;
    }
    store.commit([...changes, headStatement(next.signed)]);
    this.#keep(next);
    this.#renewCopy();
  }

  /** True while nothing is known to compare with. */
  #isNewest(table: string, id: string, mac: Uint8Array | undefined): boolean {
    if (!this.#checked || this.#deps.vault.state() !== 'unlocked') return true;
    const leaf = this.#leaves.get(leafKey(table, id));
    return leaf === undefined || mac === undefined ? leaf === mac : Buffer.compare(leaf, mac) === 0;
  }

  #commit(change: Change, durability: Durability | undefined): void {
    const { store, vault } = this.#deps;
    const marks = change.flatMap(({ mark }) => mark ?? []);
    if (vault.state() !== 'unlocked') {
      store.commit(change, durability);
      this.#note(marks);
      return;
    }
    const leaves = marks.filter((mark) => mark.kind !== 'entry');
    // security: rule 8, nothing is written under keys whose state has not been compared yet
    if (!this.#checked && leaves.length > 0) throw locked();
    if (leaves.length === 0) {
      store.commit(change, durability);
      this.#note(marks);
      return;
    }
    this.#commitWithHead(change, marks, durability);
  }

  #commitWithHead(change: Change, marks: readonly Mark[], durability: Durability | undefined): void {
    const before = this.#newest;
    const undo = marks.flatMap((mark) => this.#apply(mark));
    try {
      const next = this.#nextHead(this.#head?.epoch ?? 0);
      const leaves = [...(this.#owed ?? []), ...marks.flatMap(leafStatement)];
      this.#deps.store.commit([...change, ...leaves, headStatement(next.signed)], durability);
      this.#owed = undefined;
      this.#keep(next);
    } catch (error) {
      for (const { key, mac } of undo.toReversed()) this.#leaves.set(key, mac);
      this.#newest = before;
      throw error;
    }
    this.#note(marks);
  }

  #apply(mark: Mark): readonly { readonly key: string; readonly mac: Uint8Array | undefined }[] {
    if (mark.kind === 'entry') {
      this.#newest = { seq: mark.seq, hash: mark.hash };
      return [];
    }
    const key = leafKey(mark.table, mark.id);
    if (mark.kind === 'removed') return [{ key, mac: this.#leaves.set(key, undefined) }];
    return mark.mac === undefined ? [] : [{ key, mac: this.#leaves.set(key, mark.mac) }];
  }

  #nextHead(lastEpoch: number): { readonly head: Head; readonly signed: SignedHead } {
    const { clock, vault } = this.#deps;
    const audit = this.#newest ?? { seq: 0, hash: '' };
    const head: Head = { epoch: lastEpoch + 1, at: clock.now(), audit, root: this.#leaves.root() };
    const signed = signHead(head, vault);
    if (signed === undefined) throw locked();
    return { head, signed };
  }

  #keep({ head, signed }: { readonly head: Head; readonly signed: SignedHead }): void {
    this.#head = head;
    this.#signed = signed;
  }

  #note(marks: readonly Mark[]): void {
    if (marks.length === 0) return;
    for (const mark of marks) if (mark.kind === 'entry') this.#newest = { seq: mark.seq, hash: mark.hash };
    const atOnce = marks.some((mark) => mark.kind === 'entry' && takesAway.has(mark.event));
    if (atOnce) this.#renewCopy();
    else this.#cancelTimer ??= this.#deps.clock.after(copyEveryMs, () => this.#renewCopy());
  }

  /**
   * The keychain gets the newest head; while unlocked one that covers the newest entry of the log, and otherwise that entry
   * besides. On the disk first: a copy that is newer than the data after a power cut would look like data put back.
   */
  #renewCopy(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#owed !== undefined) return;
    try {
      const isOpen = this.#deps.vault.state() === 'unlocked' && this.#checked;
      if (isOpen) this.#keep(this.#nextHead(this.#head?.epoch ?? 0));
      if (this.#signed !== undefined) this.#deps.store.commit([headStatement(this.#signed)]);
    } catch (error) {
      this.#deps.log.warn({ error: String(error) }, 'the state head was not renewed');
      return;
    }
    const isCovered = this.#newest === undefined || this.#newest.seq === this.#head?.audit.seq;
    const sinceLock = isCovered ? undefined : this.#newest;
    if (this.#signed !== undefined) this.#copy.write({ head: this.#signed, ...(sinceLock && { sinceLock }) });
    else if (sinceLock !== undefined) this.#copy.extend(sinceLock, ({ seq, hash }) => entryHash(this.#deps.store, seq) === hash);
  }
}

/** A row's leaf without its head would say that the row was put back: both are in the row's own transaction. */
function leafStatement(mark: Mark): readonly Statement[] {
  if (mark.kind === 'removed') return [{ sql: deleteLeaf, values: [mark.table, mark.id] }];
  if (mark.kind === 'entry' || mark.mac === undefined) return [];
  return [{ sql: upsertLeaf, values: [mark.table, mark.id, mark.mac] }];
}

function headStatement({ body, mac }: SignedHead): Statement {
  return { sql: upsertHead, values: [body, mac] };
}

/** Only what differs, so that an unlock of an unchanged vault writes the head alone. */
function* leafChanges(before: Leaves, actual: Leaves): Generator<Statement> {
  for (const key of before.keys()) {
    if (actual.get(key) === undefined) yield { sql: deleteLeaf, values: rowOf(key) };
  }
  for (const key of actual.keys()) {
    const mac = actual.get(key);
    const old = before.get(key);
    if (mac !== undefined && (old === undefined || Buffer.compare(old, mac) !== 0)) {
      yield { sql: upsertLeaf, values: [...rowOf(key), mac] };
    }
  }
}

function headed(store: Store, own: Required<Pick<Store, 'commit' | 'isNewest' | 'signsUnsigned'>>): Store {
  return {
    file: store.file,
    first: <Row>(sql: string, ...values: readonly SqlValue[]) => store.first<Row>(sql, ...values),
    all: <Row>(sql: string, ...values: readonly SqlValue[]) => store.all<Row>(sql, ...values),
    each: <Row>(sql: string, ...values: readonly SqlValue[]) => store.each<Row>(sql, ...values),
    ...own,
    close: () => store.close(),
  };
}

function locked(): Refusal {
  return new Refusal('vault_locked', 'The vault is being opened.', { retryAfterSeconds: 1 });
}
