import { type Agents, createAgents } from '../../src/agents/agents.ts';
import type { AuditEvent } from '../../src/audit/audit.ts';
import { type AgentId, asId, type GrantId, newId, type ResourceId } from '../../src/base/ids.ts';
import { type Broker, createBroker } from '../../src/broker/broker.ts';
import { brokerKeyName, type Connection, type Connections, createConnections } from '../../src/connections/connections.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import type { CallFacts, Detail } from '../../src/details/details.ts';
import { createGrants, type Grant, type Grants } from '../../src/grants/grants.ts';
import { comeBack, type FakeProvider, type ProviderBehaviour, startFakeProvider } from '../connections/fake-provider.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { evidenceOf, memoryBrowser, memoryLog } from '../support/memory-platform.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';

export interface Parts {
  readonly keep: Keep;
  readonly connections: Connections;
  readonly agents: Agents;
  readonly grants: Grants;
  readonly broker: Broker;
}

export interface BrokerBench extends Parts {
  readonly provider: FakeProvider;
  readonly connection: Connection;
  /** Everything anew over the same data, locked: what a restart does. */
  restart(): Promise<Parts>;
  stop(): Promise<void>;
}

export const resourceId: ResourceId = asId('demo');
export const listAccounts: CallFacts = { method: 'GET', path: '/accounts', query: new URLSearchParams(), body: undefined };
export const accountDetail: Detail = { type: 'account_information', actions: ['list_accounts'] };

/** A broker over real parts, with the person signed in at a provider that does as the test says. */
export async function openBroker(
  options: { readonly api?: string; readonly behaviour?: ProviderBehaviour } = {},
): Promise<BrokerBench> {
  const keep = await openKeep({ clock: createFakeClock(Date.now()) });
  const provider = await startFakeProvider(options.behaviour);
  const presets = [demoBankPreset({ issuer: provider.issuer, api: options.api ?? 'http://127.0.0.1:9' })];
  const running: Parts[] = [];
  const assemble = (over: Keep): Parts => {
    const log = memoryLog();
    const agents = createAgents(over);
    const connections = createConnections({ ...over, browser: memoryBrowser(), log, presets });
    const grants = createGrants(over);
    const parts = { keep: over, agents, connections, grants };
    const broker = createBroker({ ...over, ...parts, log });
    running.push({ ...parts, broker });
    return { ...parts, broker };
  };
  const parts = assemble(keep);
  const connection = await signIn(parts.connections, provider);
  const stopAll = async (): Promise<void> => {
    for (const one of running.splice(0)) {
      await one.broker.stop();
      await one.connections.stop();
    }
  };
  return {
    ...parts,
    provider,
    connection,
    async restart() {
      await stopAll();
      return assemble(await keep.restart());
    },
    async stop() {
      await stopAll();
      await provider.stop();
      keep.close();
    },
  };
}

async function signIn(connections: Connections, provider: FakeProvider): Promise<Connection> {
  const { id } = connections.add('demo');
  const { authorizationUrl } = await connections.beginSignIn(id);
  await comeBack(provider, authorizationUrl);
  return connections.finished(id);
}

let agentCount = 0;

/** An agent that the person has accepted. */
export function addAgent({ agents, keep }: Pick<Parts, 'agents' | 'keep'>): AgentId {
  const id = newId<AgentId>('agent');
  agentCount += 1;
  agents.register({ id, claimedName: 'Helper', keyThumbprint: id, registrationEvidence: evidenceOf(), metadata: {} });
  const { change, events } = agents.acceptStep(id, `Helper ${'abcdefghijklmnopqrstuvwxyz'[agentCount % 26]}${agentCount}`);
  keep.audit.commit(change, events);
  return id;
}

/** A grant for the list of accounts, for an hour, or with `changes`. */
export function addGrant(
  parts: Pick<Parts, 'agents' | 'keep' | 'grants'>,
  connection: Connection,
  changes: Partial<Grant> = {},
): Grant {
  const id = newId<GrantId>('grant');
  const { change, events } = parts.grants.createStep({
    id,
    agentId: changes.agentId ?? addAgent(parts),
    connectionId: connection.id,
    resourceId,
    approvalId: newId('approval'),
    receiptId: newId('receipt'),
    details: [accountDetail],
    scopes: ['accounts'],
    risk: 'low',
    sentence: [{ text: 'Read the list of accounts' }],
    agentJkt: 'agent-key',
    expiresAt: parts.keep.clock.now() + 3_600_000,
    evidence: {},
    ...changes,
  });
  parts.keep.audit.commit(change, events);
  return parts.grants.getLive(id);
}

export function hasKey({ keep }: Pick<Parts, 'keep'>, grant: Grant): Promise<boolean> {
  return keep.vault.hasKey(brokerKeyName(grant.connectionId, grant.agentId));
}

/** Exchanges that the provider saw. */
export function exchanges({ provider }: Pick<BrokerBench, 'provider'>): number {
  return provider.requests.filter(({ form }) => form.get('grant_type')?.endsWith('token-exchange')).length;
}

/** What the audit log says about the grant, oldest first. */
export function eventsOf({ keep }: Pick<Parts, 'keep'>, grant: Grant): readonly AuditEvent[] {
  return keep.audit.list({ grantId: grant.id, limit: 200 }).toReversed();
}

/** Waits, turn by turn, until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (condition()) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  throw new Error('it never came');
}
