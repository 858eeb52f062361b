import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Message, type MessageBus, MessageType, sessionBus } from '@particle/dbus-next';

/** A session bus of one test, which may end it. */
export interface PrivateBus {
  readonly address: string;
  stop(): Promise<void>;
}

export interface BusOptions {
  /** A bus that starts no service by itself, not even a keyring. Default false: the session bus of this system. */
  readonly bare?: boolean;
}

const bareBus = new URL('bare-bus.conf', import.meta.url).pathname;

/** @param address To bring a bus back where one was. */
export async function startBus(address?: string, { bare = false }: BusOptions = {}): Promise<PrivateBus> {
  const options = [
    bare ? `--config-file=${bareBus}` : '--session',
    '--nofork',
    '--nopidfile',
    '--print-address=1',
    ...(address === undefined ? [] : [`--address=${address.replace(/,guid=.*$/, '')}`]),
  ];
  const child = spawn('/usr/bin/dbus-daemon', options, { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = await new Promise<readonly string[]>((resolve) => lines.once('line', (first) => resolve([first])));
  return { address: line ?? '', stop: () => ended(child) };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });
}

export type BusTarget = readonly [destination: string, path: string, iface: string];

/** The bus itself. */
export const busItself: BusTarget = ['org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus'];

/** Another program on the bus. */
export interface BusProgram {
  readonly bus: MessageBus;
  /** Its unique name. */
  readonly name: string;
  call(
    target: BusTarget,
    member: string,
    ...content: readonly [signature?: string, ...body: unknown[]]
  ): Promise<readonly unknown[]>;
  stop(): void;
}

export async function joinBus(address: string): Promise<BusProgram> {
  const bus = sessionBus({ busAddress: address });
  bus.on('error', () => {});
  await new Promise<void>((resolve) => bus.on('connect', () => resolve()));
  const { name } = bus as unknown as { name: string };
  return {
    bus,
    name,
    async call([destination, path, iface], member, ...[signature = '', ...body]) {
      const reply = await bus.call(new Message({ destination, path, interface: iface, member, signature, body }));
      return (reply?.body ?? []) as readonly unknown[];
    },
    stop: () => bus.disconnect(),
  };
}

/** Sends a signal, to everybody or to one program alone. */
export function sendSignal(
  program: BusProgram,
  signal: { path: string; interface: string; member: string; signature: string; body: readonly unknown[]; destination?: string },
): void {
  program.bus.send(new Message({ ...signal, type: MessageType.SIGNAL, body: [...signal.body] }));
}

/** A notification daemon that shows nothing and remembers everything. */
export interface ScriptedDaemon {
  readonly program: BusProgram;
  /** The arguments of each `Notify`. */
  readonly shown: readonly (readonly unknown[])[];
  /** The unique name of the program that asked last. */
  readonly client: () => string;
  readonly closed: readonly number[];
  click(id: number, key: string): void;
  stop(): void;
}

const notifications = { path: '/org/freedesktop/Notifications', interface: 'org.freedesktop.Notifications' };

export async function startScriptedDaemon(address: string): Promise<ScriptedDaemon> {
  const program = await joinBus(address);
  const shown: (readonly unknown[])[] = [];
  const closed: number[] = [];
  let client = '';
  program.bus.addMethodHandler((message: Message) => {
    client = message.sender;
    const answer = (signature: string, body: unknown[]): true => {
      program.bus.send(Message.newMethodReturn(message, signature, body));
      return true;
    };
    if (message.member === 'GetCapabilities') return answer('as', [['actions', 'body', 'body-markup']]);
    if (message.member === 'GetServerInformation') return answer('ssss', ['scripted', 'tests', '1', '1.2']);
    if (message.member === 'CloseNotification') {
      closed.push(message.body[0] as number);
      return answer('', []);
    }
    if (message.member !== 'Notify') return false;
    shown.push(message.body as unknown[]);
    const replaces = message.body[1] as number;
    return answer('u', [replaces === 0 ? 100 + shown.length : replaces]);
  });
  // 4: the name now or not at all, for a second daemon waits for the first to go otherwise.
  await program.bus.requestName('org.freedesktop.Notifications', 4);
  return {
    program,
    shown,
    client: () => client,
    closed,
    click: (id, key) => sendSignal(program, { ...notifications, member: 'ActionInvoked', signature: 'us', body: [id, key] }),
    stop: () => program.stop(),
  };
}

/** What a program sends that wants to pass for the daemon. */
export function forgeClick(
  program: BusProgram,
  { id, key, to }: { readonly id: number; readonly key: string; readonly to?: string },
): void {
  const signal = { ...notifications, member: 'ActionInvoked', signature: 'us', body: [id, key] };
  sendSignal(program, to === undefined ? signal : { ...signal, destination: to });
}

/** Sends one program a message whose body names a file descriptor that did not come with it. */
export function sendUnreadable(program: BusProgram, to: string): void {
  const { stream } = (program.bus as unknown as { _connection: { stream: Socket } })._connection;
  const write = stream.write.bind(stream);
  // The field that names the signature: 8, a variant of type "g", one character long.
  const signature = (type: string) => Buffer.from([8, 1, 0x67, 0, 1, type.charCodeAt(0), 0]);
  stream.write = (bytes: Uint8Array) => {
    const message = Buffer.from(bytes);
    signature('h').copy(message, message.indexOf(signature('u')));
    return write(message);
  };
  sendSignal(program, { path: '/a', interface: 'a.b', member: 'C', signature: 'u', body: [0], destination: to });
  stream.write = write;
}
