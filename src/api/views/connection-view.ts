import type { Connection, Connections } from '../../connections/connections.ts';
import type { ConnectionView } from '../../contract/shapes.ts';

/** One connection of the connections page, with what its rung of the ladder means. */
export function connectionView(connection: Connection, { connections }: { readonly connections: Connections }): ConnectionView {
  return {
    id: connection.id,
    name: connection.name,
    issuer: connection.issuer,
    state: connection.state,
    ...(connection.account === undefined ? {} : { account: connection.account }),
    ...(connection.signedInAt === undefined ? {} : { signedInAt: connection.signedInAt }),
    rung: {
      number: connection.rung,
      title: 'Token exchange with actor',
      meaning:
        'The provider issues a token of its own for each grant, bound to a key that is kept for that agent, naming the agent.',
    },
    properties: [
      {
        label: 'Scoped',
        holds: 'yes',
        reason: 'Each token carries the scopes and details of one grant, and is checked to be no wider.',
      },
      { label: 'Short-lived', holds: 'yes', reason: 'Tokens end with their grant or earlier, and are asked for anew.' },
      { label: 'Audited per call', holds: 'yes', reason: 'Every forwarded call is written down before it is sent.' },
      {
        label: 'Revocable one by one',
        holds: 'yes',
        reason: 'Ending a grant revokes its token at the provider and leaves the others alone.',
      },
    ],
    resources: connections.resources(connection.id).map(({ id, name, baseUrl, detailTypes }) => ({
      id,
      name,
      baseUrl,
      detailTypes: [...detailTypes],
    })),
  };
}
