import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { treeOf } from '../agents/agents.ts';
import type { Clock } from '../base/clock.ts';
import type { AgentId } from '../base/ids.ts';
import type { QuotaState } from '../base/limits.ts';
import type { ProcessIdentity } from '../platform/process-identity.ts';
import { evidenceOfPeer } from './peer-evidence.ts';
import { type Quotas, QuotaWindows } from './quota-windows.ts';

export interface CallerLimitsDeps {
  readonly clock: Clock;
  readonly processes: ProcessIdentity;
  readonly quotas?: Quotas;
}

/** What a request draws on besides `bytes`: `requests`, which polls do too, or `calls`. */
export type Work = 'poll' | 'call' | 'other';

const everybody = 'all';
/** Looking at who is at the other end costs 10-30 ms, so it is done when strangers come in numbers, and then so often only. */
const crowdedShare = 0.5;
const looksPerSecond = 5;

/**
 * Who may still send how much. Registered agents have a quota each, charged once their assertion has been verified, so nobody
 * spends another's by naming its `client_id`. Everything else, a failed authentication included, is a stranger's: one small
 * quota for all, and when half of it is gone one for each process tree. A connection on which an agent has authenticated is
 * that agent's and draws on no stranger's quota.
 */
export class CallerLimits {
  readonly #deps: CallerLimitsDeps;
  readonly #requests: QuotaWindows;
  readonly #polls: QuotaWindows;
  readonly #calls: QuotaWindows;
  readonly #bytes: QuotaWindows;
  readonly #strangers: QuotaWindows;
  readonly #strangersOfProgram: QuotaWindows;
  readonly #agents = new WeakMap<Socket, AgentId>();
  readonly #trees = new WeakMap<Socket, string>();
  readonly #counted = new WeakMap<Socket, number>();
  readonly #states = new WeakMap<IncomingMessage, readonly QuotaState[]>();
  #looks = { second: -1, left: 0 };

  constructor(deps: CallerLimitsDeps) {
    const { clock, quotas } = deps;
    this.#deps = deps;
    this.#requests = new QuotaWindows(clock, 'requests', quotas);
    this.#polls = new QuotaWindows(clock, 'polls', quotas);
    this.#calls = new QuotaWindows(clock, 'calls', quotas);
    this.#bytes = new QuotaWindows(clock, 'bytes', quotas);
    this.#strangers = new QuotaWindows(clock, 'strangers', quotas);
    this.#strangersOfProgram = new QuotaWindows(clock, 'strangers-of-program', quotas);
  }

  /**
   * Before anything is read. A request that needs no agent is charged now; one that will authenticate is charged when that has
   * failed. Refuses `rate_limited`.
   */
  async admit(request: IncomingMessage, needsAgent: boolean): Promise<void> {
    const { socket } = request;
    if (this.#agents.has(socket)) {
      if (!needsAgent) this.#remember(request, [this.#requests.take(this.#agents.get(socket) ?? '')]);
      return;
    }
    const isCrowded = this.#strangers.share(everybody) >= crowdedShare;
    const tree = isCrowded ? await this.#treeOf(socket) : undefined;
    if (tree !== undefined) this.#strangersOfProgram.assertRoom(tree);
    // An agent that comes with a new connection must not pay for the crowd: its tree is what counts.
    if (!needsAgent) this.#strangers.take(everybody);
    else if (tree === undefined || tree === unknownTree) this.#strangers.assertRoom(everybody);
    if (!needsAgent && tree !== undefined) this.#strangersOfProgram.charge(tree);
  }

  /** At the end of a request that needs an agent: whoever did not turn out to be one is a stranger. */
  settle(request: IncomingMessage): void {
    const { socket } = request;
    if (this.#states.has(request)) return;
    this.#agents.delete(socket);
    this.#strangers.charge(everybody);
    const tree = this.#trees.get(socket);
    if (tree !== undefined) this.#strangersOfProgram.charge(tree);
  }

  /** The agent has authenticated or shown a token that is known here; nothing was done for it yet. Refuses `rate_limited`. */
  chargeAgent(request: IncomingMessage, agent: AgentId, work: Work): void {
    this.#agents.set(request.socket, agent);
    this.#remember(request, []);
    const first = work === 'call' ? this.#calls : this.#requests;
    const states = [first.take(agent), this.#takeBytes(request, agent)];
    if (work === 'poll') states.push(this.#polls.take(agent));
    this.#remember(request, states);
  }

  /** What is left for whoever sent this request, for the answer. */
  statesOf(request: IncomingMessage): readonly QuotaState[] {
    return this.#states.get(request) ?? [];
  }

  #remember(request: IncomingMessage, states: readonly QuotaState[]): void {
    this.#states.set(request, states);
  }

  /** What came over the connection since it was counted last: headers and bodies, also those that were refused. */
  #takeBytes({ socket }: IncomingMessage, agent: AgentId): QuotaState {
    const before = this.#counted.get(socket) ?? 0;
    const now = socket.bytesRead;
    this.#counted.set(socket, now);
    return this.#bytes.take(agent, Math.max(0, now - before));
  }

  async #treeOf(socket: Socket): Promise<string> {
    const known = this.#trees.get(socket);
    if (known !== undefined) return known;
    if (!this.#mayLook()) return unknownTree;
    const tree = treeOf(await evidenceOfPeer(this.#deps.processes, socket));
    this.#trees.set(socket, tree);
    return tree;
  }

  #mayLook(): boolean {
    const second = Math.floor(this.#deps.clock.elapsed() / 1000);
    if (second !== this.#looks.second) this.#looks = { second, left: looksPerSecond };
    this.#looks.left -= 1;
    return this.#looks.left >= 0;
  }
}

const unknownTree = 'unknown';
