import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the demonstration keeps its things between runs: the bank its database, the agent its key. */
export function defaultStateFolder(): string {
  const base = process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state');
  return join(base, 'counterfoil-demo');
}

/** One JSON file that only its owner can read, replaced whole. */
export class StateFile<Value> {
  readonly #path: string;

  constructor(folder: string, name: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#path = join(folder, name);
  }

  read(): Value | undefined {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as Value;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  write(value: Value): void {
    const temporary = `${this.#path}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 });
    renameSync(temporary, this.#path);
  }

  /** Reads, or writes what `make` returns. Two programs that come at once agree on one value. */
  readOrMake(make: () => Value): Value {
    const found = this.read();
    if (found !== undefined) return found;
    const temporary = `${this.#path}.${process.pid}.new`;
    writeFileSync(temporary, JSON.stringify(make()), { mode: 0o600 });
    try {
      linkSync(temporary, this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      unlinkSync(temporary);
    }
    return this.readOrMake(make);
  }
}

/** The password that the bank's API uses at the bank's authorization server. Made once per state folder. */
export function apiSecretIn(folder: string): string {
  return new StateFile<{ secret: string }>(folder, 'api-client.json').readOrMake(() => ({
    secret: randomBytes(32).toString('base64url'),
  })).secret;
}
