import type { Adapter, AdapterPayload } from 'oidc-provider';
import { errors, Provider } from 'oidc-provider';
import type { Agents } from '../agents/agents.ts';
import type { Audit, AuditEvent } from '../audit/audit.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { AgentId, GrantId } from '../base/ids.ts';
import { asId, hashOf } from '../base/ids.ts';
import { parsePublicJwk } from '../base/public-key.ts';
import type { Broker } from '../broker/broker.ts';
import type { Connections } from '../connections/connections.ts';
import type { Grants } from '../grants/grants.ts';
import type { ProcessIdentity } from '../platform/process-identity.ts';
import { findIntrospecting, resourceServerClient } from './introspection.ts';
import type { ModelPayload, ModelRow, Payloads, StoredModel } from './payloads.ts';
import { storedModels } from './payloads.ts';
import { evidenceOfPeer } from './peer-evidence.ts';
import { indicatorOf } from './resource-url.ts';

export interface AdapterDeps {
  readonly payloads: Payloads;
  readonly agents: Agents;
  readonly connections: Connections;
  readonly grants: Grants;
  readonly broker: Broker;
  readonly audit: Audit;
  readonly processes: ProcessIdentity;
  readonly issuer: string;
  readonly subject: string;
}

/**
 * The library's storage over ours: a Client is an agent, a Grant is read from the grant row of the same id, and four models
 * are rows. Any other model would be a feature that is switched off, so asking for one is a bug.
 */
export function createAdapter(deps: AdapterDeps): (model: string) => Adapter {
  return (model) => {
    if (model === 'Client') return clientAdapter(deps);
    if (model === 'Grant') return grantAdapter(deps);
    const stored = storedModels.find((name) => name === model);
    if (stored === undefined) return unused;
    return storedAdapter(stored, deps);
  };
}

const notKept = async (): Promise<never> => {
  throw new Error('the authorization server asked for a model that is not kept');
};

const unused: Adapter = {
  upsert: notKept,
  find: notKept,
  findByUserCode: notKept,
  findByUid: notKept,
  consume: notKept,
  destroy: notKept,
  revokeByGrantId: notKept,
};

function clientAdapter({ agents, connections, processes }: AdapterDeps): Adapter {
  return {
    ...unused,
    async find(id) {
      const resource = findIntrospecting(id, connections);
      return resource === undefined ? agents.find(asId<AgentId>(id))?.metadata : resourceServerClient(resource);
    },
    async upsert(id, metadata) {
      const [jwk] = metadata.jwks?.keys ?? [];
      const key = parsePublicJwk(jwk);
      const socket = Provider.ctx?.req.socket;
      if (key === undefined || socket === undefined) throw new Error('a client is kept only when it registers');
      agents.assertRoomForOne();
      agents.register({
        id: asId<AgentId>(id),
        claimedName: metadata.client_name ?? '',
        keyThumbprint: key.thumbprint,
        registrationEvidence: await evidenceOfPeer(processes, socket),
        metadata: { ...metadata },
      });
    },
  };
}

function grantAdapter(deps: AdapterDeps): Adapter {
  const { connections, grants, broker, issuer, subject } = deps;
  return {
    ...unused,
    async find(id) {
      const grant = grants.find(asId<GrantId>(id));
      const resource = grant && connections.findResource(grant.resourceId);
      if (grant === undefined || resource === undefined || !grants.isLive(grant)) return undefined;
      const payload = {
        jti: grant.id,
        kind: 'Grant',
        iat: Math.floor(grant.createdAt / 1000),
        exp: Math.floor(grant.expiresAt / 1000),
        accountId: subject,
        clientId: grant.agentId,
        openid: { scope: 'openid' },
        resources: { [indicatorOf(issuer, resource)]: grant.scopes.join(' ') },
        rar: grant.details,
      };
      return payload as unknown as AdapterPayload;
    },
    /** The library ends a Grant when a token is revoked, and when a refresh token comes a second time. */
    async destroy(id) {
      if (Provider.ctx?.oidc.route === 'token') recordReuse(deps, asId<GrantId>(id));
      broker.revoke(asId<GrantId>(id));
    },
  };
}

function storedAdapter(model: StoredModel, deps: AdapterDeps): Adapter {
  const { payloads } = deps;
  return {
    ...unused,
    async find(id) {
      return payloads.find(model, id);
    },
    async upsert(id, payload) {
      write({ model, id, payload: payload }, payloads);
    },
    async consume(id) {
      if (payloads.consume(model, id)) return;
      // Another answer spent it since it was read: no reuse yet, because nothing of that answer was used.
      if (model === 'RefreshToken') throw new Refusal('conflict', 'The token was used meanwhile.');
      throw new errors.InvalidGrant('already used');
    },
    async destroy(id) {
      const isToken = model === 'AccessToken' || model === 'RefreshToken';
      const found = isToken ? payloads.find(model, id) : undefined;
      // First the grant: a crash in between must not leave a grant whose agent believes that it ended.
      if (isGivenUp(model) && typeof found?.['grantId'] === 'string') deps.broker.revoke(asId<GrantId>(found['grantId']));
      payloads.remove(model, id, found === undefined ? [] : [tokenEvent('token.revoked', { model, id, payload: found })]);
    },
    async revokeByGrantId(grantId) {
      if (isOneTokenRevoked()) return;
      payloads.removeOfGrant(model, grantId);
    },
  };
}

/** Writes down that a refresh token came a second time: one of the two that hold it is a thief. @see RFC 9700, 4.14.2 */
function recordReuse({ audit, grants }: AdapterDeps, id: GrantId): void {
  const grant = grants.find(id);
  audit.record({ event: 'token.reuse_detected', grantId: id, outcome: 'denied', ...(grant ? { agentId: grant.agentId } : {}) });
}

/** RFC 7009, 2.1: who revokes a refresh token gives the grant up. */
function isGivenUp(model: StoredModel): boolean {
  return model === 'RefreshToken' && Provider.ctx?.oidc.route === 'revocation';
}

/** RFC 7009, 2.1: an access token that is revoked takes nothing else along. The library would end its whole grant. */
export function isOneTokenRevoked(): boolean {
  const { oidc } = Provider.ctx ?? {};
  return oidc?.route === 'revocation' && oidc.entities.RefreshToken === undefined;
}

function write(written: ModelRow, payloads: Payloads): void {
  const { model, id, payload } = written;
  switch (model) {
    case 'AccessToken':
    case 'RefreshToken':
      payloads.insert(written, [tokenEvent(nameOf(payload), written)]);
      return;
    case 'ReplayDetection':
      insertOnce(written, payloads);
      return;
    case 'BackchannelAuthenticationRequest':
      // security: an answer that arrives late must not make a spent request redeemable again
      if (payloads.find(model, id)?.['consumed'] !== undefined) throw new errors.InvalidGrant('already used');
      payloads.replace(written);
  }
}

/** security: rule 18, the library looks first and writes later; of two that looked together only one may write */
function insertOnce(row: ModelRow, payloads: Payloads): void {
  try {
    payloads.insert(row);
  } catch (error) {
    if (!isRefusal(error, 'conflict')) throw error;
    throw new errors.InvalidClientAuth('an assertion may be used once only');
  }
}

function nameOf(payload: ModelPayload): 'token.issued' | 'token.refreshed' {
  return String(payload['gty']).endsWith('refresh_token') ? 'token.refreshed' : 'token.issued';
}

function tokenEvent(event: AuditEvent['event'], { model, id, payload }: ModelRow): AuditEvent {
  const { clientId, grantId, exp } = payload;
  return {
    event,
    outcome: 'ok',
    ...(typeof clientId === 'string' ? { agentId: clientId } : {}),
    ...(typeof grantId === 'string' ? { grantId } : {}),
    hashes: { token: hashOf(id) },
    facts: { kind: model === 'AccessToken' ? 'access' : 'refresh', ...(typeof exp === 'number' ? { expiresAt: exp * 1000 } : {}) },
  };
}
