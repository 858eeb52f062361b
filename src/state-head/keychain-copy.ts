import type { Anchor, SignedHead } from './head.ts';
import type { StateHeadDeps } from './state-head.ts';

/** What the keychain keeps. */
export interface Copy {
  readonly head: SignedHead;
  /** The newest entry of the audit log, when it was written while the vault was locked. Not authenticated. */
  readonly sinceLock?: Anchor;
}

/** Says whether the audit log has that entry. */
export type IsInLog = (anchor: Anchor) => boolean;

/** One item, `head/<installation>`, written by one writer at a time: of several that wait only the newest is. */
export class KeychainCopy {
  readonly #deps: Pick<StateHeadDeps, 'keychain' | 'log' | 'vault'>;
  #waiting: (() => Promise<Copy | undefined>) | undefined;
  #writing: Promise<void> | undefined;

  constructor(deps: Pick<StateHeadDeps, 'keychain' | 'log' | 'vault'>) {
    this.#deps = deps;
  }

  async read(): Promise<Copy | 'damaged' | undefined> {
    await this.settle();
    return this.#read();
  }

  write(copy: Copy): void {
    this.#enqueue(async () => copy);
  }

  /**
   * Adds what was written while locked to the copy that is there. A copy whose own entry is not in the log stays as it is: it is
   * what tells at the next unlock that something was cut off.
   */
  extend(sinceLock: Anchor, isInLog: IsInLog): void {
    this.#enqueue(async () => {
      const copy = await this.#read();
      if (copy === undefined || copy === 'damaged') return undefined;
      // security: rule 8
      return copy.sinceLock === undefined || isInLog(copy.sinceLock) ? { head: copy.head, sinceLock } : undefined;
    });
  }

  async settle(): Promise<void> {
    await this.#writing;
  }

  #enqueue(next: () => Promise<Copy | undefined>): void {
    this.#waiting = next;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      try {
        const copy = await next();
        if (copy !== undefined) await this.#deps.keychain.set(this.#item(), bytesOf(copy));
      } catch (error) {
        // The next change tries again; until then the copy is older than the data, which only finds less.
        this.#deps.log.warn({ error: String(error) }, 'the keychain did not take the copy of the state head');
      }
    }
  }

  #take(): (() => Promise<Copy | undefined>) | undefined {
    const next = this.#waiting;
    this.#waiting = undefined;
    return next;
  }

  async #read(): Promise<Copy | 'damaged' | undefined> {
    const bytes = await this.#deps.keychain.get(this.#item());
    if (bytes === undefined) return undefined;
    try {
      return parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    } catch {
      return 'damaged';
    }
  }

  #item(): string {
    return `head/${this.#deps.vault.installation() ?? ''}`;
  }
}

function bytesOf({ head, sinceLock }: Copy): Buffer {
  const kept = { body: head.body, mac: Buffer.from(head.mac).toString('base64'), ...(sinceLock && { sinceLock }) };
  return Buffer.from(JSON.stringify(kept), 'utf8');
}

function parse(value: unknown): Copy {
  const { body, mac, sinceLock } = value as { body?: unknown; mac?: unknown; sinceLock?: Anchor };
  if (typeof body !== 'string' || typeof mac !== 'string') throw new TypeError('not a copy');
  if (sinceLock !== undefined && (!Number.isSafeInteger(sinceLock.seq) || typeof sinceLock.hash !== 'string')) {
    throw new TypeError('not a copy');
  }
  return { head: { body, mac: Buffer.from(mac, 'base64') }, ...(sinceLock && { sinceLock }) };
}
