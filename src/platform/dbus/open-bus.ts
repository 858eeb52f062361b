/**
 * One connection to the session bus, as messages: whoever listens sees the sender that the bus daemon stamped on each.
 *
 * The library's proxies match signals by path and name only; here nothing is taken for granted about a sender.
 */
import { Message, type MessageBus, MessageType, sessionBus } from '@particle/dbus-next';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { guardReading, socketOf } from './guard-reading.ts';

/** A signal or a call from another program. Every field but `sender` is written by that program. */
export interface BusMessage {
  /** The unique name of the program that sent it, stamped by the bus. */
  readonly sender: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: readonly unknown[];
}

export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
  /** Milliseconds. Default 5000. */
  readonly timeout?: number;
}

export interface BusSignal {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: readonly unknown[];
}

/** What is sent back: a body, or the name of a D-Bus error. */
export type BusAnswer =
  | { readonly signature: string; readonly body: readonly unknown[] }
  | { readonly error: string; readonly text: string };

export interface Bus {
  /** Rejects when the other side answers with an error, does not answer in time, or somebody else answers. */
  call(call: BusCall): Promise<readonly unknown[]>;
  /** Silent when the bus is gone. */
  emit(signal: BusSignal): void;
  onSignal(listener: (message: BusMessage) => void): void;
  /** `undefined`: not ours, the caller gets "unknown method". */
  onCall(answer: (message: BusMessage) => BusAnswer | undefined): void;
  onClose(listener: () => void): void;
  close(): void;
}

export interface OpenBusOptions {
  readonly log: Log;
  /** Default: where the session's own variables point. */
  readonly busAddress?: string;
  readonly clock?: Clock;
}

const answerTimeout = 5_000;
export const busDaemon = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;

/** Connects. Rejects when there is no session bus or it does not answer. */
export async function openBus(options: OpenBusOptions): Promise<Bus> {
  const { log, clock = systemClock } = options;
  const connection = sessionBus(options.busAddress === undefined ? {} : { busAddress: options.busAddress });
  // Without a listener the first error would end this process.
  let isConnected = false;
  connection.on('error', (error: unknown) => {
    // What goes wrong before is why this function rejects: told by whoever called.
    if (isConnected) log.warn({ reason: String(error) }, 'the session bus reported an error');
  });
  const closed = new Promise<never>((_resolve, reject) => {
    socketOf(connection).once('close', () => reject(new Error('the session bus closed the connection')));
  });
  closed.catch(() => {});
  try {
    await withTimeout(Promise.race([connected(connection), closed]), answerTimeout, clock);
  } catch (error) {
    socketOf(connection).destroy();
    throw error;
  }
  isConnected = true;
  guardReading(connection, log);
  return busOver(connection, { closed, clock });
}

function connected(connection: MessageBus): Promise<void> {
  return new Promise((resolve) => connection.on('connect', () => resolve()));
}

function busOver(connection: MessageBus, { closed, clock }: { closed: Promise<never>; clock: Clock }): Bus {
  return {
    async call({ timeout = answerTimeout, ...call }) {
      const sent = connection.call(new Message({ ...call, body: [...(call.body ?? [])] }));
      const reply = await withTimeout(Promise.race([sent, closed]), timeout, clock);
      // The bus drops answers that nobody asked for, unless it was configured otherwise.
      if (reply === null || !answers(reply.sender, call.destination)) throw new Error('the answer came from somebody else');
      return reply.body as readonly unknown[];
    },
    emit({ path, interface: iface, member, signature, body }) {
      if (!socketOf(connection).writable) return;
      connection.send(new Message({ type: MessageType.SIGNAL, path, interface: iface, member, signature, body: [...body] }));
    },
    onSignal(listener) {
      connection.on('message', (message) => {
        if (message.type === MessageType.SIGNAL) listener(plain(message));
      });
    },
    onCall(answer) {
      connection.addMethodHandler((message: Message) => reply(connection, message, answer(plain(message))));
    },
    onClose(listener) {
      closed.catch(listener);
    },
    close() {
      connection.disconnect();
    },
  };
}

function reply(connection: MessageBus, message: Message, answer: BusAnswer | undefined): boolean {
  if (answer === undefined) return false;
  if (!socketOf(connection).writable) return true;
  const head = { destination: message.sender, replySerial: message.serial as unknown as string };
  connection.send(
    'error' in answer
      ? new Message({ ...head, type: MessageType.ERROR, errorName: answer.error, signature: 's', body: [answer.text] })
      : new Message({ ...head, type: MessageType.METHOD_RETURN, signature: answer.signature, body: [...answer.body] }),
  );
  return true;
}

function answers(sender: string, destination: string): boolean {
  return sender === destination || (!destination.startsWith(':') && destination !== busDaemon.destination);
}

function plain(message: Message): BusMessage {
  return {
    sender: message.sender ?? '',
    path: message.path ?? '',
    interface: message.interface ?? '',
    member: message.member ?? '',
    signature: message.signature ?? '',
    body: message.body ?? [],
  };
}

function withTimeout<Value>(promise: Promise<Value>, milliseconds: number, clock: Clock): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(milliseconds, () => reject(new Error('the session bus did not answer in time')));
    promise.then(resolve, reject).finally(cancel);
  });
}
