/**
 * The agents' door on a real port: real store, vault, audit, agents, grants and approvals; one fake connection, and a broker
 * that only ends grants. `Date` of the library follows the fake clock.
 *
 *     const door = await openAuthServer();
 *     const agent = await door.agent();                  // registered by openid-client, not accepted yet
 *     door.answerNext();                                 // the person approves whatever waits next
 *     await door.close();
 */
import { vi } from 'vitest';
import type { Agents } from '../../../src/agents/agents.ts';
import { createAgents } from '../../../src/agents/agents.ts';
import type { Approval, Approvals, Narrowing } from '../../../src/approvals/approvals.ts';
import { createApprovals } from '../../../src/approvals/approvals.ts';
import type { AuthServer, Quotas } from '../../../src/authserver/authserver.ts';
import { createAuthServer } from '../../../src/authserver/authserver.ts';
import type { GrantId } from '../../../src/base/ids.ts';
import type { Broker } from '../../../src/broker/broker.ts';
import type { Resource } from '../../../src/connections/connections.ts';
import { bindLoopback, sendProblem } from '../../../src/gate/gate.ts';
import type { Grants } from '../../../src/grants/grants.ts';
import { createGrants } from '../../../src/grants/grants.ts';
import type { MemoryPlatform } from '../../support/memory-platform.ts';
import { memoryPlatform } from '../../support/memory-platform.ts';
import type { Keep, KeepOptions } from '../../support/open-keep.ts';
import { openKeep } from '../../support/open-keep.ts';
import { fakeConnections } from './fake-connections.ts';

export interface Door {
  readonly issuer: string;
  readonly keep: Keep;
  readonly platform: MemoryPlatform;
  readonly agents: Agents;
  readonly approvals: Approvals;
  readonly grants: Grants;
  readonly server: AuthServer;
  /** Local resources; what a test puts here is known at once. */
  readonly locals: Resource[];
  /** Grants that the broker was told to end. */
  readonly revoked: readonly GrantId[];
  /** Approves as the person would, narrowed when told so. Names a new agent by its claim. */
  approve(approval: Approval, narrowing?: Partial<Narrowing>): Approval;
  onlyPending(): Approval;
  /** Moves time for us and for the library. */
  advance(milliseconds: number): Promise<void>;
  /** The same data behind the same port in a new run of the program; unlocked. */
  restart(): Promise<Door>;
  close(): Promise<void>;
}

export interface DoorOptions extends KeepOptions {
  /** Default any free one. */
  readonly port?: number;
  /** Smaller quotas than the product's. */
  readonly quotas?: Quotas;
}

export async function openAuthServer(options: DoorOptions = {}): Promise<Door> {
  vi.useFakeTimers({ toFake: ['Date'] });
  const keep = await openKeep(options);
  vi.setSystemTime(keep.clock.now());
  return serve(keep, options, []);
}

async function serve(keep: Keep, { port = 0, quotas = {} }: DoorOptions, locals: Resource[]): Promise<Door> {
  const platform = memoryPlatform({ clock: keep.clock });
  const listener = await bindLoopback({ port, hosts: ['127.0.0.1'] });
  const issuer = `http://127.0.0.1:${listener.port}`;
  const connections = fakeConnections(locals);
  const agents = createAgents(keep);
  const grants = createGrants(keep);
  const parts = { ...keep, log: platform.log, agents, grants, connections };
  const approvals = createApprovals({ ...parts, notifier: platform.notifier, openCard: () => {} });
  const revoked: GrantId[] = [];
  const broker = {
    revoke: (id: GrantId) => {
      revoked.push(id);
      grants.end(id, 'revoked');
    },
  } as unknown as Broker;
  const server = createAuthServer({ ...parts, approvals, broker, processes: platform.processes, issuer, quotas });
  listener.serve((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (!path.startsWith('/proxy/')) {
      server.handle(request, response);
      return;
    }
    server.authenticateCall(request, `${issuer}${path}`).then(
      ({ quotaFields, ...identity }) => {
        for (const [name, value] of Object.entries(quotaFields)) response.setHeader(name, value);
        response.end(JSON.stringify(identity));
      },
      (error: unknown) => sendProblem(response, error, { 'DPoP-Nonce': server.nonce() }),
    );
  });
  const stop = async (): Promise<void> => {
    approvals.stop();
    await server.stop();
    await listener.close();
  };
  return {
    issuer,
    keep,
    platform,
    agents,
    approvals,
    grants,
    server,
    locals,
    revoked,
    approve: (approval, narrowing = {}) => approveAs({ approvals, agents, keep }, approval, narrowing),
    onlyPending() {
      const [only, ...others] = approvals.listPending();
      if (only === undefined || others.length > 0) throw new Error(`${others.length + (only ? 1 : 0)} requests wait`);
      return only;
    },
    async advance(milliseconds) {
      vi.setSystemTime(keep.clock.now() + milliseconds);
      await keep.clock.advance(milliseconds);
    },
    async restart() {
      await stop();
      const again = await keep.restart();
      const door = await serve(again, { port: listener.port, quotas }, locals);
      await again.unlock();
      return door;
    },
    async close() {
      await stop();
      keep.close();
      vi.useRealTimers();
    },
  };
}

function approveAs(
  parts: { approvals: Approvals; agents: Agents; keep: Keep },
  approval: Approval,
  narrowed: Partial<Narrowing>,
): Approval {
  const { approvals, agents, keep } = parts;
  const narrowing: Narrowing = {
    details: approval.details,
    scopes: approval.scopes,
    lifetime: approval.details.some((detail) => detail.type === 'payment_initiation') ? 'once' : '15m',
    ...narrowed,
  };
  const agent = agents.get(approval.agentId);
  return approvals.approve({
    approvalId: approval.id,
    askedDigest: approval.askedDigest,
    cardVersion: approvals.card(approval.id).version,
    grantedDigest: approvals.preview(approval.id, narrowing).grantedDigest,
    narrowing,
    presence: { kind: 'passphrase', at: keep.clock.now() },
    ...(agent.state === 'pending' ? { agentName: agent.claimedName } : {}),
  });
}
