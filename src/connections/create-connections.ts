import { tokenRevocation } from 'openid-client';
import { isRefusal, Refusal } from '../base/errors.ts';
import { type ConnectionId, newId, type ResourceId } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
import type { GuardedRow } from '../vault/vault.ts';
import type {
  Connection,
  ConnectionPreset,
  Connections,
  ConnectionsDeps,
  CredentialFacts,
  ExchangedCredential,
  ExchangeRequest,
  NewLocalResource,
  Resource,
} from './connections.ts';
import { type ConnectionTables, connectionTables, type StoredConnection } from './connections-table.ts';
import { CredentialShelf } from './credentials.ts';
import { discoverProvider, type ProviderClient } from './discover.ts';
import { exchangeToken } from './exchange.ts';
import { introspectToken } from './introspect.ts';
import { LocalResources } from './local-resources.ts';
import { PersonTokens } from './person-tokens.ts';
import { connectionPresets } from './presets.ts';
import { ProviderSockets } from './provider-sockets.ts';
import { SignIns, withoutAccount } from './sign-ins.ts';
import { thisComputer } from './this-computer.ts';
import { oauthErrorOf, refusalOf } from './upstream-errors.ts';

/** The connections in `store`. */
export function createConnections(deps: ConnectionsDeps): Connections {
  return new StoredConnections(deps);
}

/** How long what a provider says about itself is believed. Milliseconds. */
const metadataLifeMs = 10 * 60_000;
/** Milliseconds between attempts to revoke a session that ended here already. */
const revocationPausesMs = [5_000, 30_000, 120_000, 600_000, 1_800_000];

class StoredConnections implements Connections {
  readonly #deps: ConnectionsDeps;
  readonly #presets: readonly ConnectionPreset[];
  readonly #tables: ConnectionTables;
  readonly #local: LocalResources;
  readonly #shelf: CredentialShelf;
  readonly #tokens: PersonTokens;
  readonly #providers = new Map<ConnectionId, { readonly client: ProviderClient; readonly until: number }>();
  readonly #signIns: SignIns;
  readonly #sockets = new ProviderSockets();
  readonly #timers = new Set<() => void>();

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
    this.#presets = deps.presets ?? connectionPresets;
    this.#tables = connectionTables(deps);
    this.#local = new LocalResources(deps);
    this.#shelf = new CredentialShelf({ vault: deps.vault, table: this.#tables.credentials });
    const parts = { ...deps, tables: this.#tables, shelf: this.#shelf, provider: (id: ConnectionId) => this.#provider(id) };
    const revoke = (id: ConnectionId, token: Secret): Promise<void> => this.#revokeSession(id, token, 0);
    this.#tokens = new PersonTokens({ ...parts, revoke });
    this.#signIns = new SignIns({ ...parts, presets: this.#presets });
    deps.vault.onUnlock(() => this.#reportTampered());
    deps.vault.onLock(() => this.#sockets.letGo());
  }

  /** Lists leave out what was changed outside: without this nobody would hear of it. */
  #reportTampered(): void {
    const { connections, resources, credentials } = this.#tables;
    const damaged = new Set([...connections.tampered(), ...credentials.tampered()]);
    const events = [
      ...[...damaged].map((connectionId) => ({ event: 'row.tampered' as const, connectionId, outcome: 'error' as const })),
      ...[...resources.tampered(), ...this.#local.tampered()].map((resourceId) => ({
        event: 'row.tampered' as const,
        resourceId,
        outcome: 'error' as const,
      })),
    ];
    if (events.length > 0) this.#deps.audit.record(...events);
  }

  list(): readonly Connection[] {
    return this.#tables.connections
      .list()
      .map(({ value }) => this.#shown(value))
      .toSorted((a, b) => a.addedAt - b.addedAt);
  }

  get(id: ConnectionId): Connection {
    return this.#shown(this.#row(id).value);
  }

  resources(connectionId?: ConnectionId): readonly Resource[] {
    if (connectionId === thisComputer) return this.#local.list();
    const rows =
      connectionId === undefined ? this.#tables.resources.list() : this.#tables.resources.list('connection_id = ?', connectionId);
    const connected = rows.map(({ value }) => value);
    return connectionId === undefined ? [...connected, ...this.#local.list()] : connected;
  }

  findResource(id: ResourceId): Resource | undefined {
    return this.#tables.resources.find(id)?.value ?? this.#local.find(id);
  }

  addLocal(resource: NewLocalResource): Resource {
    return this.#local.add(resource);
  }

  removeLocal(id: ResourceId): void {
    this.#local.remove(id);
  }

  add(presetId: string): Connection {
    const preset = this.#presets.find((one) => one.id === presetId);
    if (!preset) throw new Refusal('not_found', 'There is no such provider.');
    this.#assertUnlocked();
    const [existing] = this.#tables.connections.list('preset_id = ?', presetId);
    if (existing) return this.#shown(existing.value);
    const id = newId<ConnectionId>('conn');
    const { name, issuer, clientId } = preset;
    const addedAt = this.#deps.clock.now();
    const connection: StoredConnection = { id, presetId, name, issuer, clientId, state: 'signed_out', addedAt, rung: 1 };
    const resources = preset.resources.map((resource) =>
      this.#tables.resources.insert(resource.id, { ...resource, connectionId: id }),
    );
    this.#deps.audit.commit(
      [this.#tables.connections.insert(id, connection), ...resources],
      [{ event: 'connection.added', connectionId: id, approver: 'user', outcome: 'ok', facts: { preset: presetId } }],
    );
    this.#changed(id);
    return connection;
  }

  async beginSignIn(id: ConnectionId): Promise<{ readonly authorizationUrl: string; readonly opened: boolean }> {
    this.#assertUnlocked();
    const authorizationUrl = await this.#signIns.begin(this.get(id));
    return { authorizationUrl, opened: await this.#deps.browser.openLink(authorizationUrl) };
  }

  async finished(id: ConnectionId): Promise<Connection> {
    const last = this.#signIns.last(id);
    if (last) return last;
    const connection = this.get(id);
    if (connection.state === 'signed_in') return connection;
    throw new Refusal('sign_in_failed', 'No sign-in has begun.');
  }

  async signOut(id: ConnectionId): Promise<void> {
    await this.#signIns.stop(id);
    this.#assertUnlocked();
    const row = this.#row(id);
    const refreshToken = this.#shelf.find(id)?.refreshToken;
    this.#deps.audit.commit(
      [this.#tables.connections.update(row, { ...withoutAccount(row.value), state: 'signed_out' }), ...this.#shelf.forget(id)],
      [{ event: 'connection.signed_out', connectionId: id, approver: 'user', outcome: 'ok' }],
    );
    this.#changed(id);
    if (refreshToken !== undefined) await this.#revokeSession(id, Secret.fromText(refreshToken), 0);
  }

  async exchange(request: ExchangeRequest): Promise<ExchangedCredential> {
    const id = request.connectionId;
    const config = (await this.#provider(id))();
    const subjectToken = await this.#tokens.current(id);
    try {
      return await exchangeToken({ clock: this.#deps.clock, config, subjectToken, request });
    } catch (error) {
      // The provider may have dropped the person's token: RFC 8693, 2.2.2 says `invalid_request`, many say `invalid_grant`.
      if (['invalid_request', 'invalid_grant'].includes(oauthErrorOf(error) ?? '')) this.#tokens.doubt(id);
      throw refusalOf(error);
    }
  }

  async introspect(id: ConnectionId, token: Secret): Promise<CredentialFacts | undefined> {
    const config = (await this.#provider(id))();
    return introspectToken(config, token).catch((error: unknown) => {
      throw refusalOf(error);
    });
  }

  async revoke(id: ConnectionId, token: Secret): Promise<void> {
    const config = (await this.#provider(id))();
    if (config.serverMetadata().revocation_endpoint === undefined) {
      throw new Refusal('upstream_refused', 'The provider offers no revocation.');
    }
    await token
      .openText((text) => tokenRevocation(config, text))
      .catch((error: unknown) => {
        throw refusalOf(error);
      });
  }

  actorAudience(id: ConnectionId): { readonly clientId: string; readonly issuer: string } {
    const { clientId, issuer } = this.#row(id).value;
    return { clientId, issuer };
  }

  async stop(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    await this.#signIns.stop();
    this.#sockets.letGo();
  }

  async #provider(id: ConnectionId): Promise<ProviderClient> {
    const known = this.#providers.get(id);
    const now = this.#deps.clock.now();
    if (known && now < known.until) return known.client;
    const client = await discoverProvider({ ...this.#deps, sockets: this.#sockets }, this.#row(id).value);
    this.#providers.set(id, { client, until: now + metadataLifeMs });
    return client;
  }

  /** Ends the session at the provider; tries again with growing pauses for as long as this program runs. */
  async #revokeSession(id: ConnectionId, refreshToken: Secret, attempt: number): Promise<void> {
    try {
      await this.revoke(id, refreshToken);
      refreshToken.destroy();
      this.#deps.audit.record({ event: 'upstream.revoked', connectionId: id, outcome: 'ok', reason: 'signed out' });
    } catch (error) {
      this.#deps.audit.record({ event: 'upstream.revoke_failed', connectionId: id, outcome: 'error', reason: reasonOf(error) });
      const pause = revocationPausesMs[attempt];
      if (pause === undefined) return;
      const cancel = this.#deps.clock.after(pause, () => {
        this.#timers.delete(cancel);
        void this.#revokeSession(id, refreshToken, attempt + 1);
      });
      this.#timers.add(cancel);
    }
  }

  #row(id: ConnectionId): GuardedRow<StoredConnection> {
    const row = this.#tables.connections.find(id);
    if (!row) throw new Refusal('not_found', 'There is no such connection.');
    return row;
  }

  #shown(connection: StoredConnection): Connection {
    return this.#signIns.isWaiting(connection.id) && connection.state !== 'signed_in'
      ? { ...connection, state: 'signing_in' }
      : connection;
  }

  #assertUnlocked(): void {
    if (this.#deps.vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'The vault is locked.');
  }

  #changed(id: ConnectionId): void {
    this.#deps.changes.publish({ topic: 'connections', id });
  }
}

function reasonOf(error: unknown): string {
  return isRefusal(error) ? error.code : 'internal';
}
