/** A data folder with a signed-in connection, agents, an upstream, and a core on it that is killed again and again. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
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
  /** Starts the core, lets everybody work, kills it, and looks at what is left. */
  round(random: () => number): Promise<Found>;
  close(): Promise<void>;
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
      await live(core, { start, ledger, agents, random: roundRandom });
      return checkAfterKill(folder, ledger);
    },
    async close() {
      await next.kill();
      await provider.stop();
      await close(upstream);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** At most so many answers reach clients before the kill. Agents go on with what they hold in the next life. */
const answersInOneLife = 12;
/** Of a millisecond and more. */
const turnsAtMost = 10_000;

interface Life {
  readonly start: Begin;
  readonly ledger: Ledger;
  readonly agents: readonly HardAgent[];
  readonly random: () => number;
}

/** One life: it ends while it starts, or at a moment of its work. A slow machine has as much of it as a quick one. */
async function live(core: KillableCore, { start, ledger, agents, random }: Life): Promise<void> {
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
  if (random() < 0.1) {
    await Promise.all([begun, kill(random() * 150)]);
    return;
  }
  const client = await begun;
  if (client === undefined) throw new Error('the core ended at its start');
  const enough = answersIn(ledger) + Math.ceil(random() * answersInOneLife);
  const work = Promise.all([actAsPerson(actor, client), ...agents.map((hard) => actAsAgent(actor, hard))]);
  for (let turn = 0; turn < turnsAtMost && answersIn(ledger) < enough; turn += 1) await wait(1);
  await Promise.all([kill(random() * 15), work]);
  ledger.surprises.push(...core.failures);
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
