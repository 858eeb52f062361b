/**
 * Introspection (RFC 7662): an agent may ask about its own tokens, and a local resource server, under the key that the person pinned,
 * about access tokens whose audience it is. For everything else the answer is `active: false` and nothing more. While locked nobody
 * gets an answer: a stored token cannot be told from a forged one.
 */
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Agents } from '../agents/agents.ts';
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../base/clock.ts';
import { isRefusal } from '../base/errors.ts';
import type { AgentId, GrantId, ResourceId } from '../base/ids.ts';
import { asId, hashOf } from '../base/ids.ts';
import { limitReached, limits } from '../base/limits.ts';
import type { Connections, Resource } from '../connections/connections.ts';
import type { Grants } from '../grants/grants.ts';
import type { Payloads } from './payloads.ts';

interface IntrospectionDeps {
  readonly agents: Agents;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly connections: Connections;
  readonly grants: Grants;
  readonly payloads: Payloads;
}

/** Questions of one resource server in a second. */

/** What the library says of a token that it has found. */
interface FoundToken {
  readonly kind: string;
  readonly clientId?: string | undefined;
  readonly aud?: unknown;
  readonly grantId?: string | undefined;
}

/** A local resource that introspects, by the id that it authenticates with. */
export function findIntrospecting(id: string, connections: Connections): Resource | undefined {
  if (!id.startsWith('resource_')) return undefined;
  const resource = connections.findResource(asId<ResourceId>(id));
  return resource?.local?.by === 'introspection' ? resource : undefined;
}

/** The registration of a local resource server, as the library reads clients: it may authenticate, and no grant is open to it. */
export function resourceServerClient({ id, local }: Resource): Readonly<Record<string, unknown>> | undefined {
  if (local?.by !== 'introspection') return undefined;
  return {
    client_id: id,
    jwks: { keys: [{ ...local.jwk }] },
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: [],
    response_types: [],
    redirect_uris: [],
    id_token_signed_response_alg: 'ES256',
  };
}

export class Introspection {
  readonly #deps: IntrospectionDeps;
  readonly #asked = new Map<string, { second: number; count: number }>();

  constructor(deps: IntrospectionDeps) {
    this.#deps = deps;
  }

  /** For each authenticated question. Refuses `rate_limited` to a resource server that asks too often. */
  assertPace(ctx: KoaContextWithOIDC): void {
    const clientId = ctx.oidc.client?.clientId ?? '';
    if (ctx.oidc.route !== 'introspection' || findIntrospecting(clientId, this.#deps.connections) === undefined) return;
    const second = Math.floor(this.#deps.clock.elapsed() / 1000);
    const before = this.#asked.get(clientId);
    const count = before?.second === second ? before.count + 1 : 1;
    this.#asked.set(clientId, { second, count });
    if (count > limits['token-questions'].quota) throw limitReached('token-questions', 1);
  }

  /** Whether this client is told about this live token. For a resource server that is a use of the grant: what is used up is told once. */
  mayTell(clientId: string, token: FoundToken): boolean {
    if (!this.#mayAct(token.clientId)) return false;
    const resource = findIntrospecting(clientId, this.#deps.connections);
    if (resource === undefined) return token.clientId === clientId;
    // security: RFC 7662, 4, a server is told of tokens that are meant for it, and a refresh token never is
    if (token.kind !== 'AccessToken' || token.aud !== resource.indicator || token.grantId === undefined) return false;
    return this.#countUse(asId<GrantId>(token.grantId));
  }

  /** After the answer: what a JWT is nobody learns here, and a resource server's question is written down. */
  settle(ctx: KoaContextWithOIDC): void {
    if (ctx.oidc === undefined) return;
    const body = ctx.body as Readonly<Record<string, unknown>> | undefined;
    if (body?.['error'] === 'unsupported_token_type') {
      ctx.status = 200;
      ctx.body = { active: false };
    }
    const { client, entities, params } = ctx.oidc;
    if (client === undefined || ctx.status !== 200) return;
    const resource = findIntrospecting(client.clientId, this.#deps.connections);
    if (resource === undefined) return;
    const isActive = body?.['active'] === true;
    const token = params?.['token'];
    const { AccessToken: found } = entities;
    if (isActive && typeof token === 'string') this.#deps.payloads.markUsed(token);
    this.#deps.audit.record({
      event: 'token.introspected',
      resourceId: resource.id,
      outcome: isActive ? 'ok' : 'denied',
      ...(isActive && found?.clientId !== undefined ? { agentId: found.clientId } : {}),
      ...(isActive && found?.grantId !== undefined ? { grantId: found.grantId } : {}),
      ...(typeof token === 'string' ? { hashes: { token: hashOf(token) } } : {}),
    });
  }

  #countUse(id: GrantId): boolean {
    try {
      this.#deps.grants.reserveUse(id, []);
      return true;
    } catch (error) {
      if (isRefusal(error, 'grant_revoked', 'grant_expired', 'grant_used_up', 'not_found')) return false;
      throw error;
    }
  }

  #mayAct(agentId: string | undefined): boolean {
    const { agents } = this.#deps;
    return agents.find(asId<AgentId>(agentId ?? ''))?.state === 'accepted' && !agents.paused();
  }
}
