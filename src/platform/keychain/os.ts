import { Refusal } from '../../base/errors.ts';
import type { Keychain } from '../keychain.ts';

/** The part of keytar that is used. */
export interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

export interface OsKeychainOptions {
  /** Default `counterfoil`. */
  readonly service?: string;
  /** Default: of this machine. */
  readonly system?: NodeJS.Platform;
  /** How long one call may take. Milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Default: the native module, loaded at the first call. */
  readonly load?: () => Promise<Keytar>;
}

export interface OsKeychain extends Keychain {
  /**
   * `absent` when this machine certainly has no keychain. Refuses as {@link Keychain.get} does when it has one
   * that is locked, dismissed or silent.
   */
  probe(): Promise<'ready' | 'absent'>;
}

/** Written once, to tell a locked keychain from an empty one. */
const markerItem = 'marker';

/** The system's own store: Secret Service, Keychain or Credential Manager. */
export function osKeychain(options: OsKeychainOptions = {}): OsKeychain {
  return new KeytarKeychain(options);
}

class KeytarKeychain implements OsKeychain {
  readonly kind = 'os';
  readonly description: string;
  readonly #service: string;
  readonly #system: NodeJS.Platform;
  readonly #timeoutMs: number;
  readonly #load: () => Promise<Keytar>;
  #loaded: Promise<Keytar> | undefined;

  constructor(options: OsKeychainOptions) {
    this.#service = options.service ?? 'counterfoil';
    this.#system = options.system ?? process.platform;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#load = options.load ?? loadKeytar;
    this.description = descriptionOf(this.#system);
  }

  async get(item: string): Promise<Uint8Array | undefined> {
    const text = await this.#call((keytar) => keytar.getPassword(this.#service, item));
    if (text !== null) return Buffer.from(text, 'base64url');
    await this.#assertOpen();
    return undefined;
  }

  async set(item: string, value: Uint8Array): Promise<void> {
    const text = Buffer.from(value).toString('base64url');
    await this.#call((keytar) => keytar.setPassword(this.#service, item, text));
  }

  async delete(item: string): Promise<void> {
    const existed = await this.#call((keytar) => keytar.deletePassword(this.#service, item));
    if (!existed) await this.#assertOpen();
  }

  async probe(): Promise<'ready' | 'absent'> {
    try {
      await this.get(markerItem);
      return 'ready';
    } catch (error) {
      if (error instanceof Refusal && error.cause instanceof NoKeychain) return 'absent';
      throw error;
    }
  }

  /**
   * A locked Secret Service answers "nothing" to get and delete instead of failing, and a lost factor must not be
   * concluded from that. Only writing tells.
   */
  async #assertOpen(): Promise<void> {
    if (this.#system !== 'linux') return;
    await this.#call((keytar) => keytar.setPassword(this.#service, markerItem, 'AQ'));
  }

  async #call<Result>(use: (keytar: Keytar) => Promise<Result>): Promise<Result> {
    try {
      const keytar = await this.#module();
      return await withTimeout(use(keytar), this.#timeoutMs);
    } catch (error) {
      throw asRefusal(error);
    }
  }

  #module(): Promise<Keytar> {
    this.#loaded ??= this.#load().catch((error: unknown) => {
      throw new NoKeychain('The keychain of this system could not be loaded.', { cause: error });
    });
    return this.#loaded;
  }
}

class NoKeychain extends Error {}
class Silent extends Error {}

async function loadKeytar(): Promise<Keytar> {
  const loaded = (await import('keytar')) as Keytar & { readonly default?: Keytar };
  return loaded.default ?? loaded;
}

function withTimeout<Result>(call: Promise<Result>, milliseconds: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Silent(`no answer in ${milliseconds} ms`)), milliseconds);
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * keytar gives no codes, only the text of libsecret and D-Bus. A text that is not listed counts as refused, because
 * only "there is none" may lead to another place for keys.
 */
const absent = /autolaunch D-Bus|was not provided by any|Could not connect|ServiceUnknown|does not exist at path/;

function asRefusal(error: unknown): Refusal {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof Silent) {
    return new Refusal('keychain_unavailable', 'The keychain of this system does not answer.', {
      detail,
      cause: error,
      hint: 'Look for a window that asks to unlock it.',
    });
  }
  if (error instanceof NoKeychain || absent.test(detail)) {
    const cause = error instanceof NoKeychain ? error : new NoKeychain(detail, { cause: error });
    return new Refusal('keychain_unavailable', 'This system offers no keychain.', { detail, cause });
  }
  return new Refusal('keychain_refused', 'The keychain of this system is locked or said no.', {
    detail,
    cause: error,
    hint: 'Unlock it and try again.',
  });
}

function descriptionOf(system: NodeJS.Platform): string {
  if (system === 'darwin') return 'macOS Keychain';
  return system === 'win32' ? 'Windows Credential Manager' : 'Secret Service of this desktop';
}
