import { openSocketDoor } from '../api/socket.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import { type Core, type CoreConfig, createCore } from '../core.ts';
import type { Platform } from '../platform/platform.ts';
import { openStore } from '../store/sqlite.ts';
import { announce } from './announce.ts';
import { dataFiles } from './data-files.ts';
import type { Endings } from './endings.ts';
import type { Folders } from './folders.ts';
import { describePortHolder } from './port-holder.ts';
import { sweepAfterLock } from './sweep-memory.ts';
import { version } from './version.ts';

/** What a shell brings to a core. */
export interface CoreStart {
  readonly platform: Platform;
  readonly folders: Folders;
  readonly agentPort: number;
  readonly openWindow: CoreConfig['openWindow'];
  readonly quit: () => void;
  readonly endings: Endings;
}

/** Opens the store and builds the core on it. Refuses as `createCore` does; a taken port is refused with the name of who has it. */
export async function startCore(start: CoreStart): Promise<Core> {
  const { platform, folders, agentPort, openWindow, quit, endings } = start;
  const store = openStore({ file: dataFiles(folders.data).database });
  endings.add(() => store.close());
  try {
    const { agentSocket } = folders;
    const socket = agentSocket === undefined ? {} : { agentSocket };
    const core = await createCore(platform, store, { agentPort, ...socket, version, openWindow, quit });
    endings.add(() => core.stop());
    sweepAfterLock(core.vault, platform.log);
    return core;
  } catch (error) {
    if (!isRefusal(error, 'port_taken')) throw error;
    // A socket that is taken is named in the message already; a port is known by its number only.
    throw error.detail === 'socket' ? error : await portTaken(platform, agentPort, error);
  }
}

async function portTaken(platform: Platform, port: number, cause: Refusal): Promise<Refusal> {
  const holder = await describePortHolder(platform.processes, port);
  return new Refusal('port_taken', `Port ${port} is in use by ${holder ?? 'another program'}. Nothing was started.`, {
    hint: 'End that program, or choose another port: npm start -- --port 7500',
    cause,
  });
}

/** Makes the running core known to the person's own programs: the socket, then the descriptor that names the server. */
export async function goPublic(core: Core, { platform, folders, openWindow, endings }: CoreStart): Promise<void> {
  const { clock, log } = platform;
  const door = await openSocketDoor({ api: core.api, clock, log, path: folders.socket, onOpen: () => openWindow() });
  endings.add(() => door.close());
  endings.add(announce({ core, clock, file: folders.descriptor, pid: process.pid, socket: folders.agentSocket }));
}
