import { Refusal } from '../../../src/base/errors.ts';
import { asId } from '../../../src/base/ids.ts';
import type { Connection, Connections, Resource } from '../../../src/connections/connections.ts';

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

/** Connections with one signed-in account and two resources; nothing is fetched. */
export function fakeConnections(): Connections {
  const resources = [bank, archive];
  const needed: Pick<Connections, 'list' | 'get' | 'resources' | 'findResource'> = {
    list: () => [connection],
    get(id) {
      if (id !== connection.id) throw new Refusal('not_found', 'There is no such connection.');
      return connection;
    },
    resources: () => resources,
    findResource: (id) => resources.find((resource) => resource.id === id),
  };
  return needed as Connections;
}
