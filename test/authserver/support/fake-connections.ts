import { Refusal } from '../../../src/base/errors.ts';
import { asId } from '../../../src/base/ids.ts';
import { type Connection, type Connections, type Resource, thisComputer } from '../../../src/connections/connections.ts';

const connection: Connection = {
  id: asId('conn_bank'),
  presetId: 'demo',
  name: 'Bank',
  issuer: 'http://127.0.0.1:7420',
  clientId: 'counterfoil',
  state: 'signed_in',
  addedAt: 0,
  rung: 1,
};

export const bank: Resource = {
  id: asId('demo'),
  connectionId: connection.id,
  name: 'Bank',
  baseUrl: 'http://127.0.0.1:7421/',
  indicator: 'http://127.0.0.1:7421/',
  detailTypes: ['account_information', 'payment_initiation'],
  scopes: ['accounts', 'payments'],
};

/** Takes account information only: for requests whose type belongs to another resource. */
export const archive: Resource = {
  ...bank,
  id: asId('archive'),
  name: 'Archive',
  detailTypes: ['account_information'],
  scopes: ['accounts'],
};

/** A local server that checks signatures by itself. */
export const notes: Resource = {
  id: asId('resource_notes'),
  connectionId: thisComputer,
  name: 'Notes',
  baseUrl: 'http://127.0.0.1:9001/mcp',
  indicator: 'http://127.0.0.1:9001/mcp',
  detailTypes: ['account_information', 'payment_initiation'],
  scopes: ['accounts', 'payments'],
  local: { by: 'signature', addedAt: 0 },
};

/** A local server that asks us, under this key. */
export function ledger(key: { readonly jwk: object; readonly thumbprint: string }): Resource {
  const jwk = key.jwk as Readonly<Record<string, string>>;
  const url = 'http://127.0.0.1:9002/';
  const local = { by: 'introspection', addedAt: 0, jwk, thumbprint: key.thumbprint } as const;
  return { ...notes, id: asId('resource_ledger'), name: 'Ledger', baseUrl: url, indicator: url, local };
}

/** Connections with one signed-in account, two resources and local ones; nothing is fetched. */
export function fakeConnections(locals: readonly Resource[] = []): Connections {
  const all = (): readonly Resource[] => [bank, archive, ...locals];
  const needed: Pick<Connections, 'list' | 'get' | 'resources' | 'findResource'> = {
    list: () => [connection],
    get(id) {
      if (id !== connection.id) throw new Refusal('not_found', 'There is no such connection.');
      return connection;
    },
    resources: all,
    findResource: (id) => all().find((resource) => resource.id === id),
  };
  return needed as Connections;
}
