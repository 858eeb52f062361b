/** P7: the headless shell, as shipped: from start to listening, and its memory when idle. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { milliseconds, report, summarise } from './measure.ts';

const main = 'dist/headless/main.js';
const patienceMs = 10_000;
const idleMs = 2_000;

export async function benchStartUp(rounds: number): Promise<void> {
  if (!existsSync(main)) throw new Error(`${main} is missing: run "npm run build" first`);
  const starts: number[] = [];
  const residents: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { startMs, residentMb } = await startOnce();
    starts.push(startMs * 1000);
    residents.push(residentMb);
  }
  report(
    'P7',
    `headless start to listening: p50 ${milliseconds(summarise('start', starts).p50)} in ${rounds} starts (goal: at most 400 ms)`,
  );
  report('P7', `idle resident memory: ${summarise('memory', residents).p50.toFixed(0)} MB (goal: at most 130 MB)`);
}

async function startOnce(): Promise<{ startMs: number; residentMb: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-bench-'));
  const runtime = join(folder, 'run');
  const begin = process.hrtime.bigint();
  const child = spawn(process.execPath, ['--disable-sigusr1', main, '--no-open', '--port', '0'], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], HOME: folder, COUNTERFOIL_DATA_DIR: join(folder, 'data'), COUNTERFOIL_RUNTIME_DIR: runtime },
  });
  try {
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await untilListening(join(runtime, 'server.json'));
    const startMs = Number(process.hrtime.bigint() - begin) / 1e6;
    await wait(idleMs);
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const residentMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    child.kill('SIGTERM');
    await ended;
    return { startMs, residentMb };
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The descriptor is written when both listeners are bound. */
async function untilListening(descriptor: string): Promise<void> {
  for (let waited = 0; waited < patienceMs; waited += 2) {
    if (existsSync(descriptor)) return;
    await wait(2);
  }
  throw new Error('the headless shell did not start');
}
