import { createHash } from 'node:crypto';
import { posix, win32 } from 'node:path';

/** Environment variables as the shell read them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the choice of folders depends on besides the environment. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly temporary: string;
  /** Absent on Windows, where folders of the profile are private by their access lists. */
  readonly uid?: number;
  /** True when `path` is a folder of this user's that no other user may enter. */
  isOwnFolder(path: string): boolean;
}

export interface Folders {
  readonly data: string;
  readonly runtime: string;
  /** Where the person's own programs talk to us: a Unix socket in the runtime folder, a named pipe on Windows. */
  readonly socket: string;
  /** The agents' Unix socket; none on Windows, whose pipes are open to other users by default and name no caller to us. */
  readonly agentSocket?: string;
  readonly descriptor: string;
}

/**
 * Where things are on this machine. Decides only; {@link import('./prepare-folders.ts').prepareFolders} makes and checks them.
 *
 * `COUNTERFOIL_DATA_DIR` and `COUNTERFOIL_RUNTIME_DIR` go before the system's own places.
 * @see XDG Base Directory Specification: relative paths are to be ignored.
 */
export function chooseFolders(environment: Environment, machine: Machine): Folders {
  const path = machine.platform === 'win32' ? win32 : posix;
  const absolute = (name: string): string | undefined => {
    const value = environment[name];
    return value !== undefined && path.isAbsolute(value) ? path.normalize(value) : undefined;
  };
  const data = absolute('COUNTERFOIL_DATA_DIR') ?? defaultData(machine, absolute);
  const runtime = absolute('COUNTERFOIL_RUNTIME_DIR') ?? defaultRuntime(machine, absolute);
  const pipe = `\\\\.\\pipe\\counterfoil-${createHash('sha256').update(runtime).digest('hex').slice(0, 32)}`;
  return {
    data,
    runtime,
    socket: machine.platform === 'win32' ? pipe : path.join(runtime, 'counterfoil.sock'),
    ...(machine.platform === 'win32' ? {} : { agentSocket: path.join(runtime, 'agents.sock') }),
    descriptor: path.join(runtime, 'server.json'),
  };
}

type Absolute = (name: string) => string | undefined;

function defaultData(machine: Machine, absolute: Absolute): string {
  if (machine.platform === 'win32') {
    return win32.join(absolute('LOCALAPPDATA') ?? win32.join(machine.home, 'AppData', 'Local'), 'Counterfoil');
  }
  if (machine.platform === 'darwin') return posix.join(machine.home, 'Library', 'Application Support', 'Counterfoil');
  return posix.join(absolute('XDG_DATA_HOME') ?? posix.join(machine.home, '.local', 'share'), 'counterfoil');
}

function defaultRuntime(machine: Machine, absolute: Absolute): string {
  if (machine.platform === 'win32') return win32.join(defaultData(machine, absolute), 'Runtime');
  const given = absolute('XDG_RUNTIME_DIR');
  // After `su` or `sudo -E` the variable names another user's folder: that one is not for us.
  if (given !== undefined && machine.isOwnFolder(given)) return posix.join(given, 'counterfoil');
  return posix.join(machine.temporary, `counterfoil-${machine.uid ?? 'user'}`);
}
