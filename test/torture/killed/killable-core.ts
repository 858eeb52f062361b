import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { Transport } from '../../../src/contract/client.ts';
import type { CallAnswer } from '../../../src/contract/presence.ts';
import { fromBase64Url } from '../../../src/contract/seal-presence.ts';
import { compiledIn } from './build-core.ts';
import type { Begin, Call, FromCore } from './core-to-kill.ts';

/** A core in a process of its own. It has loaded, and opens nothing before {@link KillableCore.begin}. */
export interface KillableCore {
  /** Resolves when it answers, or with `undefined` when it was killed before. Rejects when it could not start. */
  begin(start: Begin): Promise<Transport | undefined>;
  /**
   * Stops it where it is, in all of its threads, does the work, and lets it go on. What the work finds in the file system is what
   * SIGKILL would have left at that moment: both end what a thread does at the same points.
   */
  holdStill(work: () => void): void;
  /** SIGKILL. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** What went wrong in it, if anything did: no refusal, but an error that nobody expected. */
  readonly failures: readonly string[];
}

/** @param file The bundle of `core-to-kill.ts`. */
export function loadCore(file: string): KillableCore {
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: compiledIn(file) },
  });
  return new CoreProcess(child);
}

class CoreProcess implements KillableCore {
  readonly failures: string[] = [];
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #loaded: Promise<void>;
  readonly #calls = new Map<number, { resolve(answer: CallAnswer): void; reject(error: Error): void }>();
  #said = '';
  #lastCall = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#gone = once(child, 'exit');
    child.stderr?.on('data', (chunk) => {
      this.#said += String(chunk);
    });
    this.#loaded = new Promise((resolve) => {
      child.on('message', (message: FromCore) => {
        if (message.kind === 'loaded') resolve();
        else if (message.kind === 'answer') this.#answered(message.id)?.resolve(message.answer);
        else if (message.kind === 'failed') this.failures.push(message.error);
      });
      void this.#gone.then(() => {
        resolve();
        for (const id of [...this.#calls.keys()]) this.#answered(id)?.reject(new Gone());
      });
    });
  }

  async begin(start: Begin): Promise<Transport | undefined> {
    await this.#loaded;
    const ready = new Promise<Transport | undefined>((resolve, reject) => {
      this.#child.on('message', (message: FromCore) => {
        if (message.kind === 'ready') resolve(this.#transport(message));
        if (message.kind === 'failed') reject(new Error(message.error));
      });
      void this.#gone.then(() => resolve(undefined));
    });
    this.#send(start);
    return ready;
  }

  holdStill(work: () => void): void {
    const { pid } = this.#child;
    if (pid === undefined || !this.#child.kill('SIGSTOP')) return;
    try {
      for (let look = 0; !standsStill(pid); look += 1) if (look >= looksAtMost) throw new Error('it does not stop');
      work();
    } finally {
      this.#child.kill('SIGCONT');
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
    if (this.#child.signalCode !== 'SIGKILL') this.failures.push(`it had ended by itself: ${this.#said}`);
  }

  #transport({ session, coreKey }: Extract<FromCore, { kind: 'ready' }>): Transport {
    return {
      session,
      coreKey: fromBase64Url(coreKey),
      call: (operation, envelope) =>
        new Promise((resolve, reject) => {
          this.#lastCall += 1;
          const id = this.#lastCall;
          this.#calls.set(id, { resolve, reject });
          this.#send({ id, operation, envelope });
        }),
      changes: () => () => {},
    };
  }

  #answered(id: number) {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  #send(message: Begin | Call): void {
    this.#child.send(message, (error) => {
      if (error !== null && 'id' in message) this.#answered(message.id)?.reject(new Gone());
    });
  }
}

/** Of some microseconds. */
const looksAtMost = 1_000_000;

function standsStill(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const [state = ''] = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').replace(/^.*\) /s, '');
    return state === 'T';
  });
}

/** The core was killed before it answered. */
export class Gone extends Error {}
