/** The shell as it ships, as a process on a machine without screen, bus and keychain, with folders of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContractClient, createClient } from '../../src/contract/client.ts';
import { createHttpTransport } from '../../src/contract/http-transport.ts';
import type { Descriptor } from '../../src/shell/descriptor.ts';
import { localFetch } from '../api/local-fetch.ts';

const root = new URL('../..', import.meta.url).pathname;
const patience = 15_000;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** One installation: its folders stay while processes come and go. */
export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'cf-headless-'));
  readonly data = join(this.folder, 'data');
  readonly runtime = join(this.folder, 'run');
  /** More variables of the environment of what is started. */
  readonly variables: Record<string, string> = {};
  readonly #running = new Set<ChildProcess>();

  environment(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.folder,
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere',
      COUNTERFOIL_DATA_DIR: this.data,
      COUNTERFOIL_RUNTIME_DIR: this.runtime,
      ...this.variables,
    };
  }

  descriptor(): Descriptor {
    return JSON.parse(readFileSync(join(this.runtime, 'server.json'), 'utf8')) as Descriptor;
  }

  /** Starts the shell and waits until it has printed a link. Fails when it ends instead. */
  async start(args: readonly string[] = ['--no-open', '--port', '0']): Promise<HeadlessProcess> {
    const running = new HeadlessProcess(this.#spawn(args));
    running.firstLink = await running.link();
    return running;
  }

  /** Runs the shell until it ends by itself. */
  async run(
    args: readonly string[],
    how: { readonly nodeFlags?: readonly string[]; readonly env?: Record<string, string> } = {},
  ): Promise<Ended> {
    return new HeadlessProcess(this.#spawn(args, how)).ended();
  }

  /** Runs the `counterfoil` command. */
  async command(...args: readonly string[]): Promise<Ended> {
    return new HeadlessProcess(
      this.#follow(spawn(process.execPath, [join(root, 'dist/cli/counterfoil.js'), ...args], { env: this.environment() })),
    ).ended();
  }

  async remove(): Promise<void> {
    for (const child of this.#running) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(
    args: readonly string[],
    {
      nodeFlags = ['--disable-sigusr1'],
      env = {},
    }: { readonly nodeFlags?: readonly string[]; readonly env?: Record<string, string> } = {},
  ): ChildProcess {
    return this.#follow(
      spawn(process.execPath, [...nodeFlags, join(root, 'dist/headless/main.js'), ...args], {
        env: { ...this.environment(), ...env },
        cwd: this.folder,
      }),
    );
  }

  #follow(child: ChildProcess): ChildProcess {
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }
}

export class HeadlessProcess {
  readonly child: ChildProcess;
  /** What it printed when it was started by {@link Installation.start}; a page can be opened by it once. */
  firstLink = '';
  readonly #exit: Promise<unknown>;
  #out = '';
  #err = '';
  #linksGiven = 0;

  constructor(child: ChildProcess) {
    this.child = child;
    this.#exit = once(child, 'close');
    child.stdout?.on('data', (data: Buffer) => {
      this.#out += data.toString();
    });
    child.stderr?.on('data', (data: Buffer) => {
      this.#err += data.toString();
    });
  }

  /** The next link that it prints. */
  async link(): Promise<string> {
    const giveUp = AbortSignal.timeout(patience);
    for (;;) {
      const link = this.#out.match(/^http:\/\/cf-\S+#launch=\S+$/gm)?.[this.#linksGiven];
      if (link !== undefined) {
        this.#linksGiven += 1;
        return link;
      }
      if (this.child.exitCode !== null) throw new Error(`it ended with ${this.child.exitCode}: ${this.#err}`);
      await Promise.race([once(this.child.stdout ?? this.child, 'data', { signal: giveUp }), this.#exit]);
    }
  }

  async ended(): Promise<Ended> {
    await this.#exit;
    return { code: this.child.exitCode, out: this.#out, err: this.#err };
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended();
  }
}

/** Opens a page by its link, as a browser would, and returns its client. */
export async function openPage(link: string): Promise<ContractClient> {
  const { origin, hash } = new URL(link);
  const launch = new URLSearchParams(hash.slice(1)).get('launch') ?? '';
  return createClient(await createHttpTransport({ base: origin, launch, fetch: localFetch(origin) }));
}
