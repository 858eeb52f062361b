/**
 * The composition root: the only place that knows every folder. A shell chooses the adapters, opens the store, builds one
 * core and hangs the person's listener on `core.api`; the agents' listener belongs to the core.
 */
import { type Agents, createAgents } from './agents/agents.ts';
import { type Api, createApi } from './api/api.ts';
import { type Approvals, createApprovals, endAfterSetBack } from './approvals/approvals.ts';
import { type Audit, boundedAudit, createAudit } from './audit/audit.ts';
import { type AuthServer, createAuthServer } from './authserver/authserver.ts';
import { type Changes, createChanges } from './base/changes.ts';
import { instantOf } from './base/clock.ts';
import type { ApprovalId } from './base/ids.ts';
import { createSteadyClock, type SteadyClock } from './base/steady-clock.ts';
import { type Broker, createBroker } from './broker/broker.ts';
import { type ConnectionPreset, type Connections, createConnections } from './connections/connections.ts';
import { revokeEverything } from './contract/wire.ts';
import { bindBothLoopbacks, bindSocket, type RequestHandler } from './gate/gate.ts';
import { createGateway } from './gateway/gateway.ts';
import { createGrants, type Grants } from './grants/grants.ts';
import type { Platform } from './platform/platform.ts';
import type { TrayAction } from './platform/tray.ts';
import { createGaps, createStateHead, type Gaps, type StateHead } from './state-head/state-head.ts';
import type { Store } from './store/store.ts';
import { createVault, type Vault } from './vault/vault.ts';

/** Lowers the cost of scrypt. A `unique symbol`, so that no JSON and no command line can set it. */
export const scryptCostOption: unique symbol = Symbol('scryptCost');

export interface CoreConfig {
  /** Port of the agents' listener. 7417; 0 in tests. */
  readonly agentPort: number;
  /** Path of the agents' Unix socket, beside the port. Default none: Windows has no peer that it could tell. */
  readonly agentSocket?: string;
  readonly version: string;
  /** Opens the person's window, on one approval or at the end of all grants if named. */
  readonly openWindow: (place?: ApprovalId | typeof revokeEverything) => void;
  /** Ends the program: chosen in the tray of a system where no program can choose it. */
  readonly quit: () => void;
  /** Instead of the shipped ones; for tests, whose servers have other ports. */
  readonly presets?: readonly ConnectionPreset[];
  readonly [scryptCostOption]?: number;
}

export interface Core {
  readonly vault: Vault;
  readonly audit: Audit;
  readonly agents: Agents;
  readonly connections: Connections;
  readonly grants: Grants;
  readonly gaps: Gaps;
  readonly approvals: Approvals;
  readonly broker: Broker;
  readonly changes: Changes;
  readonly api: Api;
  /** What agents talk to, for example `http://127.0.0.1:7417`. */
  readonly issuer: string;
  /** Ends listeners, calls in flight and timers, and locks. The store is the shell's to close. */
  stop(): Promise<void>;
}

const sweepEveryMs = 30_000;
/** How long a set-back can go unseen: one that a crash and as long a time off follow within this is never seen. */
const lookAtClockEveryMs = 5_000;

/**
 * Binds the agents' port and builds everything behind it.
 * Refuses `port_taken`, and `data_missing` or `keychain_unavailable` when what we kept is not all there; then nothing was started.
 */
export async function createCore(machine: Platform, store: Store, config: CoreConfig): Promise<Core> {
  const clock = createSteadyClock(machine.clock);
  const platform: SteadyPlatform = { ...machine, clock };
  const { log } = platform;
  const changes = createChanges((error) => log.error({ error: String(error) }, 'a change notice was not taken'));
  const cost = config[scryptCostOption];
  const vault = createVault({
    store,
    keychain: platform.keychain,
    clock,
    changes,
    ...(cost === undefined ? {} : { scryptCost: cost }),
  });
  await vault.assertComplete();
  const listener = await bindAgentDoors(config);
  try {
    // Before everything else that follows locking and unlocking.
    const stateHead = createStateHead({ store, vault, keychain: platform.keychain, clock, log });
    return assemble(platform, config, { store: stateHead.store, stateHead, vault, changes, listener });
  } catch (error) {
    // Nothing half started: a port that is held answers agents, and nobody would be behind it.
    await listener.close();
    throw error;
  }
}

/** Where agents come in: the port on both addresses, and the socket. All of them or none. */
interface AgentListener {
  readonly port: number;
  serve(handler: RequestHandler): void;
  close(): Promise<void>;
}

async function bindAgentDoors({ agentPort, agentSocket }: CoreConfig): Promise<AgentListener> {
  // An agent that was told "localhost" may try the other address first: nobody else is to answer there.
  const loopback = await bindBothLoopbacks(agentPort);
  if (agentSocket === undefined) return loopback;
  try {
    const socket = await bindSocket(agentSocket);
    return {
      port: loopback.port,
      serve(handler) {
        loopback.serve(handler);
        socket.serve(handler);
      },
      close: async () => void (await Promise.all([loopback.close(), socket.close()])),
    };
  } catch (error) {
    await loopback.close();
    throw error;
  }
}

/** The machine by a clock that nothing outlives. */
type SteadyPlatform = Platform & { readonly clock: SteadyClock };

interface Ground {
  readonly store: Store;
  readonly stateHead: StateHead;
  readonly vault: Vault;
  readonly changes: Changes;
  readonly listener: AgentListener;
}

function assemble(platform: SteadyPlatform, config: CoreConfig, { store, stateHead, vault, changes, listener }: Ground): Core {
  const { clock, log } = platform;
  const issuer = `http://127.0.0.1:${listener.port}`;
  const audit = boundedAudit(createAudit({ store, clock, changes }), { clock, log });
  // The newest entry was written in the past, whatever the clock says now.
  logged(log, () => {
    for (const newest of audit.list({ limit: 1 })) clock.notBefore(instantOf(newest.ts));
  });
  const gaps = createGaps({ store, vault, audit, clock, changes, stateHead });
  // Before whatever else follows an unlock: notices that go out then must come from a daemon that is trusted.
  vault.onUnlock(() => {
    audit.record({ event: 'vault.unlocked', approver: 'user', outcome: 'ok' });
    platform.notifier.trust();
  });
  const kept = { store, vault, clock, changes, log, audit, gaps };
  const agents = createAgents(kept);
  const presets = config.presets === undefined ? {} : { presets: config.presets };
  const connections = createConnections({ ...kept, browser: platform.browser, ...presets });
  const grants = createGrants(kept);
  const decided = { ...kept, agents, connections, grants };
  const approvals = createApprovals({ ...decided, notifier: platform.notifier, openCard: config.openWindow });
  const broker = createBroker(decided);
  const parts = { ...decided, approvals, broker };
  const authServer = createAuthServer({ ...parts, processes: platform.processes, issuer });
  const api = createApi({
    ...parts,
    proveServer: (challenge) => authServer.prove(challenge),
    demo: platform.demo,
    notifications: () => platform.notifier.state(),
    issuer: () => issuer,
    version: config.version,
  });
  const stopWatching = watchClock(platform, parts);
  const stopDoors = openAgentDoors(listener, authServer, { ...parts, issuer });
  const stopLife = liveOn(platform, config, parts);
  return {
    ...parts,
    api,
    issuer,
    async stop() {
      try {
        stopLife();
        await authServer.stop();
        approvals.stop();
        await stopDoors();
        await broker.stop();
        await connections.stop();
      } finally {
        stopWatching();
        vault.lock();
        await stateHead.settle();
      }
    },
  };
}

type AgentDoorParts = Omit<Parameters<typeof createAuthServer>[0], 'processes'>;

/** The agents' listener: forwarded calls by path, everything else is the authorization server's. Returns how to end it. */
function openAgentDoors(listener: AgentListener, authServer: AuthServer, parts: AgentDoorParts): () => Promise<void> {
  const gateway = createGateway({
    ...parts,
    authenticateCall: (request, url) => authServer.authenticateCall(request, url),
    nonce: () => authServer.nonce(),
  });
  listener.serve((request, response) => {
    if (request.url?.startsWith('/proxy/')) gateway.handle(request, response);
    else authServer.handle(request, response);
  });
  const stopSweeping = every(parts, sweepEveryMs, () => {
    authServer.sweep();
    parts.approvals.expireDue();
    parts.approvals.forgetOutlived();
    // The broker hears of each and lets go of what it held.
    parts.grants.endExpired();
  });
  return async () => {
    stopSweeping();
    await gateway.stop();
    await listener.close();
  };
}

/**
 * A clock that was set back, while the program ran or before, ends what counted on it. Returns how to end watching, after a last
 * look: how far the clock is behind is known to this run alone, and the time until the next one may make up for it.
 */
function watchClock({ clock, log }: SteadyPlatform, parts: Pick<Core, 'approvals' | 'grants' | 'audit'>): () => void {
  const look = (): void => logged(log, () => endAfterSetBack(clock, parts));
  look();
  const stopLooking = every({ clock, log }, lookAtClockEveryMs, look);
  return () => {
    stopLooking();
    look();
  };
}

type LifeParts = Pick<Core, 'vault' | 'audit' | 'agents' | 'approvals' | 'changes'>;

/** What follows from locking, unlocking and the tray. Returns how to end it. */
function liveOn(platform: Platform, config: CoreConfig, parts: LifeParts): () => void {
  const { vault, audit, agents, approvals, changes } = parts;
  const { tray } = platform;
  vault.onLock(() => audit.record({ event: 'vault.locked' }));
  const showTray = (): void =>
    logged(platform.log, () =>
      tray.show({ vault: vault.state(), paused: agents.paused(), pendingCount: approvals.listPending().length }),
    );
  const unsubscribe = changes.subscribe(({ topic }) => {
    if (topic === 'vault' || topic === 'approvals' || topic === 'agents') showTray();
  });
  // security: rule 29, any program of this user can send these over the bus: they open, pause and lock. What ends for good is answered in the window.
  const acts: Readonly<Record<TrayAction, () => void>> = {
    open: () => config.openWindow(),
    'open-oldest': () => config.openWindow(approvals.listPending()[0]?.id),
    pause: () => agents.pauseAll(),
    lock: () => vault.lock(),
    'revoke-everything': () => config.openWindow(revokeEverything),
    quit: config.quit,
  };
  const unsubscribeTray = tray.onAction((action) => logged(platform.log, acts[action]));
  showTray();
  return () => {
    unsubscribe();
    unsubscribeTray();
  };
}

function every({ clock, log }: Pick<Platform, 'clock' | 'log'>, milliseconds: number, task: () => void): () => void {
  let cancel = clock.after(milliseconds, run);
  function run(): void {
    cancel = clock.after(milliseconds, run);
    logged(log, task);
  }
  return () => cancel();
}

/** For work that nobody waits for: what goes wrong is written down and ends nothing else. */
function logged(log: Platform['log'], task: () => void): void {
  try {
    task();
  } catch (error) {
    log.error({ error: error instanceof Error ? error.stack : String(error) }, 'work in the background failed');
  }
}
