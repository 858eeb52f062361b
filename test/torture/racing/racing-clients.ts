/**
 * Two sets of approvals, grants and broker over one database, as if two programs had it open, and clients that decide on what
 * they saw earlier. Just before a change is committed another client may come first.
 */
import { createAgents } from '../../../src/agents/agents.ts';
import { type Approval, type Approvals, createApprovals, type Decision } from '../../../src/approvals/approvals.ts';
import { type AgentId, type ApprovalId, asId, hashOf } from '../../../src/base/ids.ts';
import { type Broker, createBroker } from '../../../src/broker/broker.ts';
import { createConnections } from '../../../src/connections/connections.ts';
import { createGrants, type Grants } from '../../../src/grants/grants.ts';
import type { Store } from '../../../src/store/store.ts';
import { accounts, registration } from '../../approvals/open-approvals.ts';
import { evidenceOf, memoryBrowser, memoryPlatform } from '../../support/memory-platform.ts';
import { type Keep, openKeep } from '../../support/open-keep.ts';

export interface Program {
  readonly approvals: Approvals;
  readonly grants: Grants;
  readonly broker: Broker;
}

export interface Race {
  readonly keep: Keep;
  readonly programs: readonly [Program, Program];
  /** Runs once, just before the next change is committed. */
  intrude(task: () => void): void;
  intrudeNoMore(): void;
  ask(lifetimeMs: number): Approval;
  /** A decision that fits the card as this program draws it now. */
  look(program: Program, id: ApprovalId, lifetime: 'once' | '15m'): Decision;
  close(): Promise<void>;
}

const agentId = asId<AgentId>('agent-racing');

export async function openRace(): Promise<Race> {
  const keep = await openKeep();
  const intruders: (() => void)[] = [];
  interrupt(keep.store, intruders);
  const programs = [assemble(keep), assemble(keep)] as const;
  const [{ agents, connections, approvals }] = programs;
  connections.add('demo');
  agents.register(registration(agentId));
  const step = agents.acceptStep(agentId, 'Racer');
  keep.audit.commit(step.change, step.events);
  let asked = 0;
  return {
    keep,
    programs,
    intrude: (task) => intruders.push(task),
    intrudeNoMore: () => intruders.splice(0),
    ask(lifetimeMs) {
      asked += 1;
      return approvals.open({
        agentId,
        resourceId: asId('demo'),
        details: [accounts],
        scopes: ['accounts'],
        authReqHash: hashOf(`request ${asked}`),
        expiresAt: keep.clock.now() + lifetimeMs,
        evidence: evidenceOf(),
      });
    },
    look(program, id, lifetime) {
      const card = program.approvals.card(id, 'program');
      const narrowing = { details: [accounts], scopes: ['accounts'], lifetime };
      return {
        approvalId: id,
        askedDigest: card.askedDigest,
        cardVersion: card.version,
        grantedDigest: program.approvals.preview(id, narrowing).grantedDigest,
        narrowing,
        presence: { kind: 'passphrase', at: keep.clock.now() },
      };
    },
    async close() {
      for (const program of programs) {
        program.approvals.stop();
        await program.broker.stop();
        await program.connections.stop();
      }
      keep.close();
    },
  };
}

function assemble(keep: Keep) {
  const platform = memoryPlatform({ clock: keep.clock });
  const over = { ...keep, log: platform.log, browser: memoryBrowser() };
  const agents = createAgents(over);
  const connections = createConnections(over);
  const grants = createGrants(over);
  const parts = { ...over, agents, connections, grants };
  const approvals = createApprovals({ ...parts, notifier: platform.notifier, openCard: () => {} });
  return { ...parts, approvals, broker: createBroker(parts) };
}

/** What every commit goes through: first whoever was waiting for one. */
function interrupt(store: Store, intruders: (() => void)[]): void {
  const commit = store.commit.bind(store);
  store.commit = (...change) => {
    intruders.shift()?.();
    commit(...change);
  };
}
