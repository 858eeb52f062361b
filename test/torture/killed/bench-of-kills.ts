/** A data folder with a signed-in connection, agents, an upstream, and a core on it that is killed again and again. */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { close, listen } from '../../../resources/demo/listen.ts';
import { hashOf } from '../../../src/base/ids.ts';
import { createClient } from '../../../src/contract/client.ts';
import { registerAgent } from '../../authserver/support/stock-agent.ts';
import { comeBack, type FakeProvider, startFakeProvider } from '../../connections/fake-provider.ts';
import { testPassphrase } from '../../support/open-keep.ts';
import { type Actor, actAsAgent, actAsPerson, type HardAgent, untilGone } from './actors.ts';
import { checkAfterKill, type Found } from './check-after-kill.ts';
import type { Begin } from './core-to-kill.ts';
import { type KillableCore, loadCore } from './killable-core.ts';
import { answersIn, type Ledger, newLedger } from './ledger.ts';

export interface BenchOfKills {
  readonly ledger: Ledger;
  /** Starts the core, lets everybody work, looks at it in moments of its life, kills it, and looks at what is left. */
  round(random: () => number): Promise<Round>;
  close(): Promise<void>;
}

export interface Round {
  /** In how many moments it was looked at: the kill, and before it those in which it was held still. */
  readonly moments: number;
  /** What is wrong, in words. */
  readonly wrong: readonly string[];
}

/**
 * What a killed program has written is the system's, on whatever disk: a kill leaves the same bytes in memory, where nobody waits
 * for a disk ten thousand times. (A power cut is another matter, and no kill can stand for it.)
 */
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** @param bundle Of `core-to-kill.ts`. */
export async function openBenchOfKills(bundle: string, random: () => number): Promise<BenchOfKills> {
  const folder = mkdtempSync(join(inMemory, 'counterfoil-killed-'));
  const ledger = newLedger();
  const provider = await startFakeProvider();
  const upstream = countingUpstream(ledger);
  const agentPort = await freePort(random);
  const start: Begin = { folder, agentPort, issuer: provider.issuer, api: await listen(upstream, 0) };
  const first = loadCore(bundle);
  const agents = await setUp(first, { start, provider });
  let next = loadCore(bundle);
  await first.kill();
  return {
    ledger,
    async round(roundRandom) {
      const core = next;
      next = loadCore(bundle);
      const looks = await live(core, { start, ledger, agents, random: roundRandom });
      const found = [...looks, await checkAfterKill(folder, ledger)];
      return { moments: found.length, wrong: found.flatMap(inWords) };
    },
    async close() {
      await next.kill();
      await provider.stop();
      await close(upstream);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of an average life: in all but the last it is held still. A process that starts costs more than ten looks. */
const momentsOfOneLife = 10;
/** At most so many answers reach clients between two moments. */
const answersBetween = 4;
/** Of a millisecond and more. */
const turnsAtMost = 10_000;

interface Life {
  readonly start: Begin;
  readonly ledger: Ledger;
  readonly agents: readonly HardAgent[];
  readonly random: () => number;
}

/**
 * One life: it ends while it starts, or at a moment of its work. A slow machine has as much of it as a quick one. Returns what was
 * found in each moment before the last.
 */
async function live(core: KillableCore, { start, ledger, agents, random }: Life): Promise<readonly Found[]> {
  let isOver = false;
  const actor: Actor = { ledger, random, isOver: () => isOver };
  const kill = async (milliseconds: number): Promise<void> => {
    await wait(milliseconds);
    isOver = true;
    await core.kill();
  };
  const begun = core.begin(start).then(async (transport) => {
    if (transport === undefined) return undefined;
    const client = createClient(transport);
    await untilGone(actor, () => client.call('vault.unlock', {}, testPassphrase));
    return client;
  });
  if (random() < 1 / momentsOfOneLife) {
    await Promise.all([begun, kill(random() * 150)]);
    return [];
  }
  const client = await begun;
  if (client === undefined) throw new Error('the core ended at its start');
  const work = Promise.all([actAsPerson(actor, client), ...agents.map((hard) => actAsAgent(actor, hard))]);
  const looks: Found[] = [];
  for (let moment = 1; moment <= momentsOfOneLife; moment += 1) {
    const enough = answersIn(ledger) + Math.ceil(random() * answersBetween);
    for (let turn = 0; turn < turnsAtMost && answersIn(ledger) < enough; turn += 1) await wait(1);
    await wait(random() * 15);
    if (moment < momentsOfOneLife) looks.push(await lookAt(core, start.folder, ledger));
  }
  await Promise.all([kill(0), work]);
  ledger.surprises.push(...core.failures);
  return looks;
}

/** Looks at a copy of what a kill would leave now, and at what clients have been told until now. */
async function lookAt(core: KillableCore, folder: string, ledger: Ledger): Promise<Found> {
  const copy = mkdtempSync(join(inMemory, 'counterfoil-still-'));
  try {
    let told = ledger;
    core.holdStill(() => {
      cpSync(folder, copy, { recursive: true });
      told = structuredClone(ledger);
    });
    return await checkAfterKill(copy, told);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function inWords(found: Found): readonly string[] {
  return Object.entries(found).flatMap(([kind, list]) => (list as readonly string[]).map((what) => `${kind}: ${what}`));
}

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function setUp(
  core: KillableCore,
  { start, provider }: { readonly start: Begin; readonly provider: FakeProvider },
): Promise<readonly HardAgent[]> {
  const transport = await core.begin(start);
  if (transport === undefined) throw new Error('the core ended at its start');
  const client = createClient(transport);
  await client.call('vault.create', {}, testPassphrase);
  const { id } = await client.call('connections.add', { presetId: 'demo' }, testPassphrase);
  const { authorizationUrl } = await client.call('connections.signIn', { id }, testPassphrase);
  await comeBack(provider, authorizationUrl);
  for (;;) {
    const { connections } = await client.call('connections.list', {});
    if (connections[0]?.state === 'signed_in') break;
  }
  const issuer = `http://127.0.0.1:${start.agentPort}`;
  const agents = await Promise.all(['Planner', 'Reader', 'Writer'].map((name) => registerAgent(issuer, { client_name: name })));
  return agents.map((agent) => ({ agent, waiting: [], nonce: '' }));
}

function countingUpstream({ arrived }: Ledger): Server {
  return createServer((request, response) => {
    const [, token = ''] = /^DPoP (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const hash = hashOf(token);
    arrived.set(hash, (arrived.get(hash) ?? 0) + 1);
    response.setHeader('content-type', 'application/json').end('{"accounts":[]}');
  });
}

/** Below the ports that the system gives to outgoing connections: nobody takes it between two lives. */
async function freePort(random: () => number): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(random() * 12_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await close(server);
    return port;
  }
}
