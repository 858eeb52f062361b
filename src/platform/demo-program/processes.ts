import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../../base/clock.ts';
import { Refusal } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { DemoProgram, DemoServers } from '../demo-program.ts';

interface DemoProcessesOptions {
  /** The folder `resources/demo`. */
  readonly folder: string;
  readonly log: Log;
  readonly clock: Clock;
  /** What runs the files. Default: the program that runs this one, which Electron turns into Node by the environment. */
  readonly nodePath?: string;
  /** Default 7420. */
  readonly issuerPort?: number;
  /** Default 7421. */
  readonly apiPort?: number;
  /** Where the demonstration keeps its state; its own default otherwise. */
  readonly stateFolder?: string;
}

const startLimitMs = 15_000;
const healthPauseMs = 100;
const stopLimitMs = 3_000;

/** The demonstration as child processes of this one. */
export function createDemoProcesses(options: DemoProcessesOptions): DemoProgram {
  return new DemoProcesses(options);
}

class DemoProcesses implements DemoProgram {
  readonly #options: DemoProcessesOptions;
  readonly #servers: DemoServers;
  readonly #children = new Map<string, ChildProcess>();
  #starting: Promise<DemoServers> | undefined;

  constructor(options: DemoProcessesOptions) {
    this.#options = options;
    const { issuerPort = 7420, apiPort = 7421 } = options;
    this.#servers = { issuer: `http://127.0.0.1:${issuerPort}`, api: `http://127.0.0.1:${apiPort}` };
  }

  async startServers(): Promise<DemoServers> {
    this.#starting ??= this.#startServers().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async startAgent(issuer: string): Promise<void> {
    if (this.#isRunning('agent.ts')) return;
    await this.#spawn('agent.ts', [issuer]);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#children.values()].map((child) => this.#end(child)));
    this.#children.clear();
  }

  async #startServers(): Promise<DemoServers> {
    const { issuer, api } = this.#servers;
    const [issuerPort, apiPort] = [new URL(issuer).port, new URL(api).port];
    await this.#ensure('authorization-server.ts', ['--port', issuerPort, '--api', api], () => isIssuer(issuer));
    await this.#ensure('api.ts', ['--port', apiPort, '--issuer', issuer], () => isApi(api));
    return this.#servers;
  }

  async #ensure(file: string, args: readonly string[], isUp: () => Promise<boolean>): Promise<void> {
    if (await isUp()) return;
    if (!this.#isRunning(file)) await this.#spawn(file, args);
    const giveUpAt = this.#options.clock.now() + startLimitMs;
    while (this.#options.clock.now() < giveUpAt && this.#isRunning(file)) {
      if (await isUp()) return;
      await new Promise<void>((resolve) => this.#options.clock.after(healthPauseMs, resolve));
    }
    throw new Refusal('launch_failed', 'The demonstration could not be started.', {
      hint: 'Is another program using its port? The log says more.',
      detail: file,
    });
  }

  async #spawn(file: string, args: readonly string[]): Promise<void> {
    const { folder, log, nodePath = process.execPath, stateFolder } = this.#options;
    const all = [join(folder, file), ...args, ...(stateFolder === undefined ? [] : ['--state', stateFolder])];
    const child = spawn(nodePath, all, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw new Refusal('launch_failed', 'The demonstration could not be started.', { cause, detail: file });
    }
    this.#children.set(file, child);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => log.info({ program: file, line }, 'demo'));
    }
    child.once('exit', (code, signal) => log.info({ program: file, code, signal }, 'demo program ended'));
  }

  #isRunning(file: string): boolean {
    const child = this.#children.get(file);
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  async #end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const cancel = this.#options.clock.after(stopLimitMs, () => child.kill('SIGKILL'));
    await ended;
    cancel();
  }
}

async function isIssuer(issuer: string): Promise<boolean> {
  return (await readMember(`${issuer}/.well-known/openid-configuration`, 'issuer')) === issuer;
}

async function isApi(api: string): Promise<boolean> {
  return (await readMember(`${api}/health`, 'name')) === 'demo-bank-api';
}

async function readMember(url: string, member: string): Promise<unknown> {
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(2_000) });
    const body: unknown = await answer.json();
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[member] : undefined;
  } catch {
    return undefined;
  }
}
