import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as client from 'openid-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentIdentity } from '../../resources/demo/agent-identity.ts';
import { type Door, openAuthServer } from '../authserver/support/open-authserver.ts';
import { question } from '../authserver/support/stock-agent.ts';

let folder: string;
let door: Door;
let others: { close(): unknown }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cf-pin-'));
  door = await openAuthServer();
  others = [];
});

afterEach(async () => {
  for (const other of others) await other.close();
  await door.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Squatter {
  readonly issuer: string;
  /** What it was sent: method, path, and the body. */
  readonly seen: string[];
}

/** Another program on `port`. It says that it is the issuer, and answers the challenge as `answer` likes. */
async function squat(port: number, answer: (challengeUrl: string) => Promise<string>): Promise<Squatter> {
  const seen: string[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = request.url ?? '';
      seen.push(`${request.method} ${url.split('?')[0]} ${Buffer.concat(chunks).toString()}`.trim());
      const body = url.startsWith('/.well-known/counterfoil-server') ? answer(url) : Promise.resolve(metadataOf(issuer));
      void body.then((text) => response.setHeader('content-type', 'application/json').end(text));
    });
  };
  const server: Server = createServer(listener).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  others.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return { issuer, seen };
}

const metadataOf = (issuer: string): string =>
  JSON.stringify({
    issuer,
    registration_endpoint: `${issuer}/register`,
    token_endpoint: `${issuer}/token`,
    backchannel_authentication_endpoint: `${issuer}/bc-authorize`,
  });

const portOf = (issuer: string): number => Number(new URL(issuer).port);
const identity = () => new AgentIdentity(folder);
const reason = (act: Promise<unknown>): Promise<unknown> =>
  act.then(
    () => 'went through',
    (error: Error & { reason?: string; cause?: { reason?: string } }) => error.reason ?? error.cause?.reason ?? error,
  );

describe('an agent that pinned its server', () => {
  test('keeps the key at registration, in a file for its owner alone, and knows it again (security rule 29)', async () => {
    expect((await identity().connect(door)).isNew).toBe(true);
    const file = join(folder, 'agent.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((JSON.parse(readFileSync(file, 'utf8')) as { serverKey: string }).serverKey).toMatch(/^[\w-]{43}$/);
    door = await door.restart();
    expect((await identity().connect(door)).isNew).toBe(false);
  });

  test('sends nothing to a program that took the port and has no proof (security rule 29, goal S4)', async () => {
    const { config } = await identity().connect(door);
    const port = portOf(door.issuer);
    await door.close();
    const squatter = await squat(port, async () => '{}');
    expect(await reason(identity().connect(squatter))).toBe('no-proof');
    expect(await reason(client.initiateBackchannelAuthentication(config, question(`${squatter.issuer}/proxy/demo`)))).toBe(
      'no-proof',
    );
    expect(new Set(squatter.seen)).toEqual(new Set(['GET /.well-known/counterfoil-server']));
    door = await openAuthServer();
  });

  test('sends nothing to another Counterfoil on the same port, and names both keys (security rule 29, goal S4)', async () => {
    const { config } = await identity().connect(door);
    const port = portOf(door.issuer);
    await door.close();
    door = await openAuthServer({ port });
    expect(await reason(client.initiateBackchannelAuthentication(config, question(`${door.issuer}/proxy/demo`)))).toBe('changed');
    const refused = await identity()
      .connect(door)
      .catch((error: Error) => error.message);
    const { serverKey } = JSON.parse(readFileSync(join(folder, 'agent.json'), 'utf8')) as { serverKey: string };
    expect(refused).toContain(`pinned key:  ${serverKey}`);
    expect(refused).toMatch(/found there: [\w-]{43}/);
    expect(refused).toContain('Nothing was sent');
    expect(door.keep.store.all('SELECT id FROM agents')).toEqual([]);
  });

  test('sends nothing where a replaced descriptor leads it: the pin is of the server, not of the address (security rule 29, goal S4)', async () => {
    await identity().connect(door);
    const elsewhere = await openAuthServer();
    others.push(elsewhere);
    expect(await reason(identity().connect(elsewhere))).toBe('changed');
    expect(elsewhere.keep.store.all('SELECT id FROM agents')).toEqual([]);
  });

  test('is not taken in by a program that passes the real answer on (security rule 29, goal S4)', async () => {
    await identity().connect(door);
    const relay = await squat(0, async (url) => (await fetch(`${door.issuer}${url}`)).text());
    expect(await reason(identity().connect(relay))).toBe('no-proof');
    expect(new Set(relay.seen)).toEqual(new Set(['GET /.well-known/counterfoil-server']));
  });

  test('is not taken in by an answer that was given before (security rule 29)', async () => {
    const answers: string[] = [];
    const port = portOf(door.issuer);
    await identity().connect(door);
    const url = `${door.issuer}/.well-known/counterfoil-server?challenge=${'a'.repeat(43)}`;
    answers.push(await (await fetch(url)).text());
    await door.close();
    const replaying = await squat(port, async () => answers[0] ?? '');
    door = await openAuthServer();
    expect(await reason(identity().connect(replaying))).toBe('no-proof');
  });

  test('asks for the proof before each request, not once', async () => {
    const { config } = await identity().connect(door);
    const port = portOf(door.issuer);
    await client.initiateBackchannelAuthentication(config, question(`${door.issuer}/proxy/demo`));
    await door.close();
    const squatter = await squat(port, async () => '{}');
    expect(await reason(client.initiateBackchannelAuthentication(config, question(`${squatter.issuer}/proxy/demo`)))).toBe(
      'no-proof',
    );
    door = await openAuthServer();
  });

  test('waits while Counterfoil cannot prove itself yet, and is told so', async () => {
    await identity().connect(door);
    const port = portOf(door.issuer);
    await door.close();
    door = await openAuthServer({ vault: 'absent', port });
    expect(await reason(identity().connect(door))).toBe('locked');
  });

  test('takes another server only when the person says so', async () => {
    await identity().connect(door);
    const elsewhere = await openAuthServer();
    others.push(elsewhere);
    identity().forgetServer();
    expect((await identity().connect(elsewhere)).isNew).toBe(true);
    expect(await reason(identity().connect(door))).toBe('changed');
  });

  test('leaves with an exit code of its own, and its words say what to do (security rule 29)', async () => {
    const squatter = await squat(0, async () => '{}');
    await identity().connect(door);
    const runtime = mkdtempSync(join(tmpdir(), 'cf-pin-run-'));
    writeFileSync(join(runtime, 'server.json'), JSON.stringify({ issuer: squatter.issuer }), { mode: 0o600 });
    const agent = spawn(process.execPath, [new URL('../../resources/demo/agent.ts', import.meta.url).pathname, '--state', folder], {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, COUNTERFOIL_RUNTIME_DIR: runtime },
    });
    let said = '';
    agent.stderr.on('data', (data: Buffer) => {
      said += data.toString();
    });
    const [code] = (await once(agent, 'close')) as [number];
    rmSync(runtime, { recursive: true });
    expect(code).toBe(6);
    expect(said).toContain('Nothing was sent');
    expect(said).toContain('counterfoil doctor');
    expect(squatter.seen.every((line) => line.startsWith('GET /.well-known/'))).toBe(true);
  }, 30_000);
});
