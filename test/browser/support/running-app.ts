/**
 * The headless shell as shipped, in a process of its own: real keyring and notification daemon of the desktop around it, a
 * data folder of its own, links printed because it is given no display.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const main = 'dist/headless/main.js';
const patienceMs = 20_000;

export class RunningApp {
  readonly folder = mkdtempSync(join(tmpdir(), 'counterfoil-story-'));
  #child: ChildProcess | undefined;
  #output = '';
  #port: number | undefined;

  get dataFolder(): string {
    return join(this.folder, 'data');
  }

  get runtimeFolder(): string {
    return join(this.folder, 'run');
  }

  get output(): string {
    return this.#output;
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOME: this.folder,
      DBUS_SESSION_BUS_ADDRESS: process.env['DBUS_SESSION_BUS_ADDRESS'],
      XDG_STATE_HOME: join(this.folder, 'state'),
      COUNTERFOIL_DATA_DIR: this.dataFolder,
      COUNTERFOIL_RUNTIME_DIR: this.runtimeFolder,
    };
  }

  /** Starts it and returns the link that it prints. The same port at each start: a changed port would be a changed issuer. */
  async start(): Promise<string> {
    if (!existsSync(main)) throw new Error(`${main} is missing: run "npm run build" first`);
    this.#output = '';
    this.#port ??= await findFreePort();
    const child = spawn(process.execPath, ['--disable-sigusr1', main, '--port', String(this.#port)], {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        this.#output += data.toString();
      });
    }
    this.#child = child;
    return this.nextLink();
  }

  /** The newest link that was printed and not yet returned. */
  async nextLink(): Promise<string> {
    return this.#until('a link', () => {
      const [link] = this.#output.match(/http:\/\/cf-[^\s]+#launch=\S+/) ?? [];
      if (link !== undefined) this.#output = this.#output.replace(link, '[link]');
      return link;
    });
  }

  get issuer(): string {
    const descriptor = JSON.parse(readFileSync(join(this.runtimeFolder, 'server.json'), 'utf8')) as { readonly issuer: string };
    return descriptor.issuer;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Every file it keeps, with its bytes. */
  files(): readonly { readonly path: string; readonly bytes: Buffer; readonly mode: number }[] {
    return [this.dataFolder, this.runtimeFolder].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => ({ path, bytes: readFileSync(path), mode: statSync(path).mode & 0o777 })),
    );
  }

  async #until<Value>(what: string, look: () => Value | undefined): Promise<Value> {
    for (let waited = 0; waited < patienceMs; waited += 50) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#child?.exitCode !== null) break;
      await wait(50);
    }
    throw new Error(`${what} did not come; the app said:\n${this.#output}`);
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address === null || typeof address === 'string' ? reject(new Error('no port')) : resolve(address.port)));
    });
  });
}
