import { lstatSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type ContractClient, createClient, RefusedError } from '../contract/client.ts';
import { askRunningInstance } from '../shell/ask-running-instance.ts';
import type { Descriptor } from '../shell/descriptor.ts';
import type { Folders, Machine } from '../shell/folders.ts';
import { CommandFailed } from './command-failed.ts';
import type { CoreLink } from './core-link.ts';
import type { Check } from './doctor.ts';
import { exitCodes } from './exit-codes.ts';
import { newChallenge, ServerPin, thumbprintProven } from './pin-server.ts';
import { notRunning } from './program.ts';
import { connectSocket } from './socket-transport.ts';

/** How the link tells a person what is no answer. */
export type Say = (line: string) => void;

/** The core that runs on this machine with these folders. */
export function machineLink(folders: Folders, machine: Machine, say: Say): CoreLink {
  const pin = new ServerPin(join(folders.data, 'command-line.json'));
  return {
    async connect() {
      checkFolder(folders, machine);
      try {
        const client = createClient(await connectSocket(folders.socket));
        await confirmServer(client, pin, say);
        return client;
      } catch (error) {
        throw isAbsent(error) ? notRunning() : error;
      }
    },
    open() {
      checkFolder(folders, machine);
      return askRunningInstance(folders.socket);
    },
    async examine() {
      return [checkNode(), checkData(folders, machine), ...(await checkServer(folders, pin))];
    },
  };
}

/**
 * Believes only the server whose key was pinned, before anything else is asked. A core that was not unlocked since it
 * started cannot prove itself: then a person is told, and what is asked is no more than reading and lowering.
 */
async function confirmServer(client: ContractClient, pin: ServerPin, say: Say): Promise<void> {
  const challenge = newChallenge();
  try {
    const { proof } = await client.call('server.prove', { challenge });
    pin.confirm(thumbprintProven(proof, { challenge, way: 'socket', now: Date.now() }));
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    if (error.refusal.code !== 'vault_locked') return pin.confirm(undefined);
    if (pin.read() !== undefined)
      say('Not proven: Counterfoil was not unlocked since it started, so another program could answer here.');
  }
}

/** Another user could have put a socket of theirs into a folder that is not ours alone. */
function checkFolder({ runtime }: Folders, machine: Machine): void {
  if (lstatSync(runtime, { throwIfNoEntry: false }) === undefined) throw notRunning();
  if (machine.isOwnFolder(runtime)) return;
  throw new CommandFailed('launch_failed', `The folder ${runtime} is not yours alone, so nobody there is believed.`, {
    exitCode: exitCodes.error,
    hint: `Look at who made it: ls -ld ${runtime}`,
  });
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(String(error.code));
}

function checkNode(): Check {
  return { name: 'node', state: 'ok', detail: `${process.version}, ${process.platform} ${process.arch}` };
}

function checkData({ data }: Folders, machine: Machine): Check {
  if (lstatSync(data, { throwIfNoEntry: false }) === undefined)
    return { name: 'data', state: 'warn', detail: `${data} is not there yet` };
  if (machine.isOwnFolder(data)) return { name: 'data', state: 'ok', detail: data };
  return { name: 'data', state: 'fail', detail: `${data} can be entered by others` };
}

async function checkServer({ descriptor }: Folders, pin: ServerPin): Promise<readonly Check[]> {
  const found = readDescriptor(descriptor);
  if (found === undefined) return [{ name: 'server', state: 'fail', detail: `not running (no ${descriptor})` }];
  const detail = `${found.issuer}, pid ${found.pid}, since ${found.started}`;
  switch (await askIssuer(found.issuer)) {
    case 'itself':
      return [{ name: 'server', state: 'ok', detail }, await checkKey(found.issuer, pin), ...(await checkSocket(found, pin))];
    case 'not yet':
      return [{ name: 'server', state: 'warn', detail: `${detail}; agents can ask once it is set up` }];
    case 'nobody':
      return [{ name: 'server', state: 'fail', detail: `nobody answers as ${found.issuer}, though pid ${found.pid} was there` }];
  }
}

/** The key that the server on the agents' port proves to hold: the one that agents pin. */
async function checkKey(issuer: string, pin: ServerPin): Promise<Check> {
  const challenge = newChallenge();
  const { status, text } = await get(`${issuer}${proofPath}${challenge}`);
  if (status === 503) return { name: 'key', state: 'warn', detail: 'not unlocked since it started, so it cannot prove its key' };
  const proven = thumbprintProven(memberOf(text, 'proof'), { challenge, way: 'port', issuer, now: Date.now() });
  const pinned = pin.read();
  if (proven === undefined) return { name: 'key', state: 'fail', detail: `${issuer} did not prove a key` };
  if (pinned === undefined || pinned === proven) return { name: 'key', state: 'ok', detail: proven };
  return { name: 'key', state: 'fail', detail: `${proven} answers, but ${pinned} is pinned in ${pin.file}` };
}

const proofPath = '/.well-known/counterfoil-server?challenge=';

/** The agents' socket, when the descriptor names one: the same key must answer there, for the file that stands there. */
async function checkSocket({ issuer, socket }: Descriptor, pin: ServerPin): Promise<readonly Check[]> {
  if (socket === undefined) return [];
  const challenge = newChallenge();
  const { status, text } = await get(`${issuer}${proofPath}${challenge}`, socket);
  if (status === 0) return [{ name: 'socket', state: 'fail', detail: `nobody answers on ${socket}` }];
  if (status === 503) return [{ name: 'socket', state: 'warn', detail: `${socket} answers, and cannot prove its key yet` }];
  const inode = String(lstatSync(socket, { bigint: true, throwIfNoEntry: false })?.ino);
  const proven = thumbprintProven(memberOf(text, 'proof'), { challenge, way: 'agents-socket', inode, issuer, now: Date.now() });
  if (proven !== undefined && proven === (pin.read() ?? proven)) return [{ name: 'socket', state: 'ok', detail: socket }];
  return [{ name: 'socket', state: 'fail', detail: `who answers on ${socket} did not prove the server's key for it` }];
}

function readDescriptor(file: string): Descriptor | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Descriptor;
  } catch {
    return undefined;
  }
}

/** What answers at `issuer`: a server that calls itself that, one that is not set up, or neither. The descriptor is only a hint. */
async function askIssuer(issuer: string): Promise<'itself' | 'not yet' | 'nobody'> {
  if (!/^http:\/\/127\.0\.0\.1:\d+$/.test(issuer)) return 'nobody';
  const { status, text } = await get(`${issuer}/.well-known/oauth-authorization-server`);
  if (status === 503) return 'not yet';
  return memberOf(text, 'issuer') === issuer ? 'itself' : 'nobody';
}

/** Status 0 when nobody answers. @param socketPath Goes through this socket to the same server. */
function get(url: string, socketPath?: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    const call = request(url, { timeout: 3000, ...(socketPath === undefined ? {} : { socketPath }) }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve({ status: 0, text: '' }));
    call.end();
  });
}

function memberOf(text: string, name: string): unknown {
  try {
    return (JSON.parse(text) as Readonly<Record<string, unknown>>)[name];
  } catch {
    return undefined;
  }
}
