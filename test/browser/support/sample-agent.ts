/** The sample agent of the demonstration as a process of its own, as a person would start it in a terminal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunningApp } from './running-app.ts';

export class SampleAgent {
  readonly #child: ChildProcess;
  #output = '';

  constructor(app: RunningApp, name: string, args: readonly string[]) {
    const state = join(app.folder, `agent-${name}`);
    this.#child = spawn(process.execPath, ['resources/demo/agent.ts', app.issuer, '--state', state, ...args], {
      env: app.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.#output += data.toString();
      });
    }
  }

  get output(): string {
    return this.#output;
  }

  async says(pattern: RegExp, patienceMs = 30_000): Promise<void> {
    for (let waited = 0; waited < patienceMs; waited += 50) {
      if (pattern.test(this.#output)) return;
      await wait(50);
    }
    throw new Error(`the agent did not say ${pattern}; it said:\n${this.#output}`);
  }

  async ended(): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    return new Promise((resolve) => this.#child.once('exit', (code) => resolve(code)));
  }

  stop(): void {
    this.#child.kill('SIGTERM');
  }
}
