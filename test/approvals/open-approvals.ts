/** The approvals over what we keep, with the demo connection and one accepted agent in a verified program. */
import { expect } from 'vitest';
import { type Agent, type Agents, createAgents } from '../../src/agents/agents.ts';
import {
  type Approval,
  type ApprovalRequest,
  type Approvals,
  createApprovals,
  type Decision,
  type Narrowing,
} from '../../src/approvals/approvals.ts';
import { type AgentId, type ApprovalId, asId, hashOf } from '../../src/base/ids.ts';
import { type Connections, createConnections } from '../../src/connections/connections.ts';
import { createGrants, type Grants } from '../../src/grants/grants.ts';
import { evidenceOf, type MemoryPlatform, memoryPlatform } from '../support/memory-platform.ts';
import { type Keep, type KeepOptions, openKeep } from '../support/open-keep.ts';

export const accepted = asId<AgentId>('agent-accepted');
export const newcomer = asId<AgentId>('agent-newcomer');

export const accounts = { type: 'account_information', actions: ['list_accounts', 'read_balances', 'read_transactions'] };
export const payment = {
  type: 'payment_initiation',
  instructedAmount: { currency: 'EUR', amount: '250.00' },
  creditorName: 'Nordwind Office GmbH',
  creditorAccount: { iban: 'DE02100100109307118603' },
};

export interface OpenApprovals {
  readonly keep: Keep;
  readonly platform: MemoryPlatform;
  readonly agents: Agents;
  readonly connections: Connections;
  readonly grants: Grants;
  readonly approvals: Approvals;
  /** Cards that the shell was asked to open, oldest first. */
  readonly opened: readonly ApprovalId[];
  /** Asks for reading accounts unless told otherwise; every request is another one. */
  readonly ask: (changes?: Partial<ApprovalRequest>) => Approval;
  /** A decision that fits the card as it is now, by passphrase. */
  readonly decide: (id: ApprovalId, changes?: Partial<Narrowing>, more?: Partial<Decision>) => Decision;
  /** The same data with new objects over it, locked. */
  readonly restart: () => Promise<OpenApprovals>;
  readonly close: () => void;
}

export async function openApprovals(options: KeepOptions = {}): Promise<OpenApprovals> {
  const keep = await openKeep(options);
  const open = assemble(keep, memoryPlatform({ clock: keep.clock }));
  open.connections.add('demo');
  for (const id of [accepted, newcomer]) open.agents.register(registration(id));
  const step = open.agents.acceptStep(accepted, 'Claude Code');
  keep.audit.commit(step.change, step.events);
  return open;
}

export function registration(id: AgentId): Omit<Agent, 'state' | 'registeredAt'> {
  return {
    id,
    claimedName: `I am ${id}`,
    keyThumbprint: `key-of-${id}`,
    registrationEvidence: { ...evidenceOf(), root: { pid: id.length + 4000, executableVerified: true, startTime: id } },
    metadata: {},
  };
}

function assemble(keep: Keep, platform: MemoryPlatform): OpenApprovals {
  const opened: ApprovalId[] = [];
  const agents = createAgents(keep);
  const connections = createConnections({ ...keep, browser: platform.browser, log: platform.log });
  const grants = createGrants(keep);
  const approvals = createApprovals({
    ...keep,
    log: platform.log,
    notifier: platform.notifier,
    agents,
    connections,
    grants,
    openCard: (id) => opened.push(id),
  });
  let asked = 0;
  return {
    keep,
    platform,
    agents,
    connections,
    grants,
    approvals,
    opened,
    ask: (changes = {}) => {
      asked += 1;
      return approvals.open({
        agentId: accepted,
        resourceId: asId('demo'),
        details: [accounts],
        scopes: ['accounts'],
        authReqHash: hashOf(`request ${asked} ${keep.clock.now()}`),
        expiresAt: keep.clock.now() + 300_000,
        evidence: evidenceOf(),
        ...changes,
      });
    },
    decide: (id, changes = {}, more = {}) => {
      const card = approvals.card(id);
      const { details, scopes } = approvals.find(id)!;
      const narrowing: Narrowing = { details, scopes, lifetime: card.lifetimes[0]!, ...changes };
      return {
        approvalId: id,
        askedDigest: card.askedDigest,
        cardVersion: card.version,
        grantedDigest: approvals.preview(id, narrowing).grantedDigest,
        narrowing,
        presence: { kind: 'passphrase', at: keep.clock.now() },
        ...more,
      };
    },
    restart: async () => {
      approvals.stop();
      return assemble(await keep.restart(), memoryPlatform({ clock: keep.clock }));
    },
    close: () => {
      approvals.stop();
      keep.close();
    },
  };
}

/** Matches a refusal with this code. */
export function refusal(code: string): Error {
  return expect.objectContaining({ code }) as Error;
}
