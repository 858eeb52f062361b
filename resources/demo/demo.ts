/**
 * `npm run demo`: starts the Demo Bank where it is not running, then the sample agent, and says what to do.
 * What is given after `--` goes to the agent. Ctrl-C stops what was started here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { apiPort, authorizationServerPort } from './bank.ts';
import { findServer, isAnswering } from './find-server.ts';

const bank = `http://127.0.0.1:${authorizationServerPort}`;
const api = `http://127.0.0.1:${apiPort}`;
const started: ChildProcess[] = [];

function start(file: string, args: readonly string[] = []): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], { stdio: 'inherit' });
  started.push(child);
  return child;
}

async function isApiAnswering(): Promise<boolean> {
  try {
    const answer = await fetch(`${api}/health`, { signal: AbortSignal.timeout(2000), redirect: 'error' });
    return ((await answer.json()) as { name?: unknown }).name === 'demo-bank-api';
  } catch {
    return false;
  }
}

async function startWhenNeeded(file: string, isUp: () => Promise<boolean>): Promise<void> {
  if (await isUp()) return;
  const child = start(file);
  for (let tries = 0; tries < 100; tries += 1) {
    if (child.exitCode !== null) throw new Error(`${file} could not start. Is its port taken?`);
    await sleep(100);
    if (await isUp()) return;
  }
  throw new Error(`${file} does not answer.`);
}

let stopping = false;

function stop(): void {
  stopping = true;
  for (const child of started) child.kill('SIGTERM');
}

async function run(): Promise<void> {
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  await startWhenNeeded('authorization-server.ts', () => isAnswering({ issuer: bank }));
  await startWhenNeeded('api.ts', isApiAnswering);
  const server = findServer();
  if (server === undefined || !(await isAnswering(server))) console.log('Start the app in another terminal: npm start');
  console.log('In Counterfoil press "Try it" on the empty inbox, and sign in at Demo Bank as ada (any password).');
  await once(start('agent.ts', process.argv.slice(2)), 'exit');
  if (stopping) return;
  if (started.length === 1) return stop();
  console.log('\nThe bank keeps running for as long as this does. Ctrl-C ends it.');
}

run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  stop();
  process.exitCode = 1;
});
