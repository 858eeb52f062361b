import type { Audit } from '../audit/audit.ts';
import { isRefusal } from '../base/errors.ts';
import type { AgentId, ConnectionId } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
import { brokerKeyName } from '../connections/connections.ts';
import type { Vault } from '../vault/vault.ts';
import { type BrokerKey, makeKeyText, parseBrokerKey } from './sign-jwt.ts';

interface BrokerKeysDeps {
  readonly vault: Vault;
  readonly audit: Audit;
}

/** Whose key, and where. */
export interface KeyOwner {
  readonly connectionId: ConnectionId;
  readonly agentId: AgentId;
}

/** The broker keys: at rest in the keychain, in use as key objects that go when the vault is locked. */
export class BrokerKeys {
  readonly #deps: BrokerKeysDeps;
  readonly #open = new Map<string, BrokerKey>();
  /** The last task per key: making and destroying one never overlap. */
  readonly #tasks = new Map<string, Promise<unknown>>();

  constructor(deps: BrokerKeysDeps) {
    this.#deps = deps;
    deps.vault.onLock(() => this.#open.clear());
  }

  /** The key, made when there is none. Refuses `vault_locked`, and as the keychain refuses. */
  async get(owner: KeyOwner): Promise<BrokerKey> {
    const name = brokerKeyName(owner.connectionId, owner.agentId);
    return this.#open.get(name) ?? this.#oneAtATime(name, () => this.#openOrMake(name, owner));
  }

  /** Destroys the key unless `isWanted` says that it is needed again. Silent when there is none. */
  async destroy(owner: KeyOwner, isWanted: () => boolean): Promise<void> {
    const name = brokerKeyName(owner.connectionId, owner.agentId);
    await this.#oneAtATime(name, async () => {
      if (isWanted()) return;
      this.#open.delete(name);
      if (!(await this.#deps.vault.hasKey(name))) return;
      await this.#deps.vault.deleteKey(name);
      this.#deps.audit.record({ event: 'broker_key.destroyed', ...owner, outcome: 'ok' });
    });
  }

  async #openOrMake(name: string, owner: KeyOwner): Promise<BrokerKey> {
    const known = this.#open.get(name);
    if (known) return known;
    const key = (await this.#read(name)) ?? (await this.#make(name, owner));
    if (this.#deps.vault.state() === 'unlocked') this.#open.set(name, key);
    return key;
  }

  async #read(name: string): Promise<BrokerKey | undefined> {
    try {
      return await this.#deps.vault.openKey(name, (text) => parseBrokerKey(text.toString('utf8')));
    } catch (error) {
      if (isRefusal(error, 'not_found')) return undefined;
      throw error;
    }
  }

  async #make(name: string, owner: KeyOwner): Promise<BrokerKey> {
    const text = makeKeyText();
    const secret = Secret.fromText(text);
    await this.#deps.vault.putKey(name, secret).finally(() => secret.destroy());
    const key = parseBrokerKey(text);
    this.#deps.audit.record({ event: 'broker_key.created', ...owner, outcome: 'ok', hashes: { jkt: key.jkt } });
    return key;
  }

  #oneAtATime<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.#tasks.get(name) ?? Promise.resolve();
    const mine = before.then(task, task);
    const settled = mine
      .catch(() => {})
      .then(() => {
        if (this.#tasks.get(name) === settled) this.#tasks.delete(name);
      });
    this.#tasks.set(name, settled);
    return mine;
  }
}
