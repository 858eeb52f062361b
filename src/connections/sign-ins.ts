import { isRefusal, Refusal } from '../base/errors.ts';
import type { ConnectionId } from '../base/ids.ts';
import type { Connection, ConnectionPreset, ConnectionsDeps } from './connections.ts';
import type { ConnectionTables, StoredConnection } from './connections-table.ts';
import type { CredentialShelf } from './credentials.ts';
import type { ProviderClient } from './discover.ts';
import { beginSignIn, type SignedIn } from './sign-in.ts';

interface SignInsDeps extends Pick<ConnectionsDeps, 'audit' | 'changes' | 'clock' | 'log'> {
  readonly presets: readonly ConnectionPreset[];
  readonly tables: ConnectionTables;
  readonly shelf: CredentialShelf;
  readonly provider: (id: ConnectionId) => Promise<ProviderClient>;
}

interface Waiting {
  readonly authorizationUrl: string;
  stop(): void;
}

/** Sign-ins under way, one per connection. */
export class SignIns {
  readonly #deps: SignInsDeps;
  /** Those that wait for a browser. */
  readonly #waiting = new Map<ConnectionId, Promise<Waiting>>();
  /** How the last one ended, or will. */
  readonly #last = new Map<ConnectionId, Promise<Connection>>();

  constructor(deps: SignInsDeps) {
    this.#deps = deps;
  }

  isWaiting(id: ConnectionId): boolean {
    return this.#waiting.has(id);
  }

  /** The address of the sign-in page; the same one while a sign-in waits. */
  async begin(connection: Connection): Promise<string> {
    const { id } = connection;
    const running = this.#waiting.get(id);
    if (running) return (await running).authorizationUrl;
    const started = this.#open(connection);
    this.#waiting.set(id, started);
    try {
      return (await started).authorizationUrl;
    } catch (error) {
      this.#waiting.delete(id);
      throw error;
    }
  }

  last(id: ConnectionId): Promise<Connection> | undefined {
    return this.#last.get(id);
  }

  async stop(id?: ConnectionId): Promise<void> {
    const ending = id === undefined ? [...this.#waiting.values()] : [this.#waiting.get(id)];
    for (const waiting of ending) (await waiting?.catch(() => undefined))?.stop();
  }

  async #open(connection: Connection): Promise<Waiting> {
    const { id } = connection;
    const preset = this.#deps.presets.find((one) => one.id === connection.presetId);
    if (!preset) throw new Refusal('not_found', 'There is no such provider any more.');
    const config = (await this.#deps.provider(id))();
    const open = await beginSignIn({ clock: this.#deps.clock, config, preset });
    let withdrawn = false;
    const done = open.done
      .then((signedIn) => {
        if (withdrawn) throw new Refusal('sign_in_failed', 'The sign-in was withdrawn.');
        return this.#keep(id, signedIn);
      })
      .finally(() => {
        this.#waiting.delete(id);
        this.#deps.changes.publish({ topic: 'connections', id });
      });
    done.catch((error: unknown) => this.#deps.log.warn({ connection: id, detail: detailOf(error) }, 'sign-in failed'));
    this.#last.set(id, done);
    this.#deps.changes.publish({ topic: 'connections', id });
    const stop = (): void => {
      withdrawn = true;
      open.stop();
    };
    return { authorizationUrl: open.authorizationUrl, stop };
  }

  #keep(id: ConnectionId, { credentials, account }: SignedIn): Connection {
    const row = this.#deps.tables.connections.find(id);
    if (!row) throw new Refusal('not_found', 'There is no such connection.');
    const connection: StoredConnection = {
      ...withoutAccount(row.value),
      state: 'signed_in',
      signedInAt: this.#deps.clock.now(),
      ...(account !== undefined && { account }),
    };
    this.#deps.audit.commit(
      [this.#deps.tables.connections.update(row, connection), this.#deps.shelf.keep(id, credentials)],
      [{ event: 'connection.signed_in', connectionId: id, approver: 'user', outcome: 'ok' }],
    );
    return connection;
  }
}

/** The connection as it is for whoever signs in next. */
export function withoutAccount(connection: StoredConnection): StoredConnection {
  const { id, presetId, name, issuer, clientId, state, addedAt, rung } = connection;
  return { id, presetId, name, issuer, clientId, state, addedAt, rung };
}

function detailOf(error: unknown): string {
  return isRefusal(error) ? `${error.code} ${error.detail ?? ''}` : String(error);
}
