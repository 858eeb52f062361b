import type { Door } from './open-authserver.ts';
import { type Answer, assertion, assertionParameters, type SigningKey, send } from './stock-agent.ts';

interface Asking {
  readonly door: Door;
  readonly key: SigningKey;
  /** Default `/introspect`. */
  readonly path?: string;
  /** Default the resource `ledger`. */
  readonly id?: string;
}

/** A local resource server asks, under a key of its own. */
export function serverPost(asking: Asking, parameters: Readonly<Record<string, string>>): Promise<Answer> {
  const { door, key, path = '/introspect', id = 'resource_ledger' } = asking;
  const signed = assertionParameters(assertion({ key, id, issuer: door.issuer }));
  return send(`${door.issuer}${path}`, { client_id: id, ...signed, ...parameters });
}
