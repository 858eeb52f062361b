import { exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import * as client from 'openid-client';
import type { FoundServer } from './find-server.ts';
import { assertPinned, pinnedFetch, provenThumbprint } from './pin-server.ts';
import { StateFile } from './state-file.ts';

interface Identity {
  /** Private. The file is for its owner's eyes only. */
  readonly key: JWK;
  /** Client ids by issuer. */
  readonly clients: Readonly<Record<string, string>>;
  /** Thumbprint of the key of the server that this agent registered with, wherever it is found. */
  readonly serverKey?: string;
}

const ciba = 'urn:openid:params:grant-type:ciba';

/** The agent's key and who it is at which server, kept between runs. */
export class AgentIdentity {
  readonly #file: StateFile<Identity>;

  constructor(stateFolder: string) {
    this.#file = new StateFile<Identity>(stateFolder, 'agent.json');
  }

  /**
   * A client for the server, known from an earlier run or registered now. `isNew` tells which. The first server that proves
   * a key is pinned; throws `ServerNotProven` when another one answers, now or later.
   */
  async connect(server: FoundServer): Promise<{ readonly config: client.Configuration; readonly isNew: boolean }> {
    const { issuer } = server;
    const identity = await this.#pin(server);
    const privateKey = (await importJWK(identity.key, 'ES256')) as CryptoKey;
    const authentication = client.PrivateKeyJwt(privateKey);
    const options = {
      execute: [client.allowInsecureRequests],
      timeout: 40,
      [client.customFetch]: pinnedFetch(server, identity.serverKey) as client.CustomFetch,
    };
    const known = identity.clients[issuer];
    if (known !== undefined) {
      const metadata = { id_token_signed_response_alg: 'ES256' };
      return { config: await client.discovery(new URL(issuer), known, metadata, authentication, options), isNew: false };
    }
    const config = await client.dynamicClientRegistration(new URL(issuer), registration(identity.key), authentication, options);
    const { client_id: id } = config.clientMetadata();
    this.#file.write({ ...identity, clients: { ...identity.clients, [issuer]: id } });
    return { config, isNew: true };
  }

  /** The server does not know us any more: the next {@link connect} registers again. */
  forget(issuer: string): void {
    const identity = this.#file.read();
    if (!identity) return;
    const clients = Object.fromEntries(Object.entries(identity.clients).filter(([known]) => known !== issuer));
    this.#file.write({ ...identity, clients });
  }

  /** The person says that the server was set up anew. */
  forgetServer(): void {
    const { key } = this.#file.read() ?? {};
    if (key !== undefined) this.#file.write({ key, clients: {} });
  }

  async #pin(server: FoundServer): Promise<Identity & { readonly serverKey: string }> {
    const identity = await this.#load();
    const found = await provenThumbprint(server);
    const { serverKey = found } = identity;
    assertPinned(serverKey, found, server.issuer);
    const pinned = { ...identity, serverKey };
    if (identity.serverKey === undefined) this.#file.write(pinned);
    return pinned;
  }

  async #load(): Promise<Identity> {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const fresh = { key: await exportJWK(privateKey), clients: {} };
    return this.#file.readOrMake(() => fresh);
  }
}

function registration({ kty, crv, x, y }: JWK): Partial<client.ClientMetadata> {
  return {
    client_name: 'Demo agent',
    jwks: { keys: [{ kty, crv, x, y, use: 'sig' }] },
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: [ciba, 'refresh_token'],
    response_types: [],
    redirect_uris: [],
    backchannel_token_delivery_mode: 'poll',
    id_token_signed_response_alg: 'ES256',
    authorization_details_types: ['account_information', 'payment_initiation'],
  };
}
