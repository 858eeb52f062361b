import { lstatSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createClient } from '../contract/client.ts';
import { askRunningInstance } from '../shell/ask-running-instance.ts';
import type { Descriptor } from '../shell/descriptor.ts';
import type { Folders, Machine } from '../shell/folders.ts';
import { CommandFailed } from './command-failed.ts';
import type { CoreLink } from './core-link.ts';
import type { Check } from './doctor.ts';
import { exitCodes } from './exit-codes.ts';
import { notRunning } from './program.ts';
import { connectSocket } from './socket-transport.ts';

/** The core that runs on this machine with these folders. */
export function machineLink(folders: Folders, machine: Machine): CoreLink {
  return {
    async connect() {
      checkFolder(folders, machine);
      try {
        return createClient(await connectSocket(folders.socket));
      } catch (error) {
        throw isAbsent(error) ? notRunning() : error;
      }
    },
    open() {
      checkFolder(folders, machine);
      return askRunningInstance(folders.socket);
    },
    async examine() {
      return [checkNode(), checkData(folders, machine), await checkServer(folders)];
    },
  };
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

async function checkServer({ descriptor }: Folders): Promise<Check> {
  const found = readDescriptor(descriptor);
  if (found === undefined) return { name: 'server', state: 'fail', detail: `not running (no ${descriptor})` };
  const detail = `${found.issuer}, pid ${found.pid}, since ${found.started}`;
  switch (await askIssuer(found.issuer)) {
    case 'itself':
      return { name: 'server', state: 'ok', detail };
    case 'not yet':
      return { name: 'server', state: 'warn', detail: `${detail}; agents can ask once it is set up` };
    case 'nobody':
      return { name: 'server', state: 'fail', detail: `nobody answers as ${found.issuer}, though pid ${found.pid} was there` };
  }
}

function readDescriptor(file: string): Descriptor | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Descriptor;
  } catch {
    return undefined;
  }
}

/** What answers at `issuer`: a server that calls itself that, one that is not set up, or neither. The descriptor is only a hint. */
function askIssuer(issuer: string): Promise<'itself' | 'not yet' | 'nobody'> {
  return new Promise((resolve) => {
    if (!/^http:\/\/127\.0\.0\.1:\d+$/.test(issuer)) return resolve('nobody');
    const call = request(`${issuer}/.well-known/oauth-authorization-server`, { timeout: 3000 }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        if (answer.statusCode === 503) return resolve('not yet');
        return resolve(isIssuer(Buffer.concat(chunks).toString('utf8'), issuer) ? 'itself' : 'nobody');
      });
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve('nobody'));
    call.end();
  });
}

function isIssuer(text: string, issuer: string): boolean {
  try {
    return (JSON.parse(text) as { readonly issuer?: unknown }).issuer === issuer;
  } catch {
    return false;
  }
}
