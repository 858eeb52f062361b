import type { Log } from '../../base/log.ts';
import { type Bus, type BusMessage, openBus } from '../dbus/open-bus.ts';
import { addMatch, type WatchedName, watchName } from '../dbus/watch-name.ts';
import type { Notice, NoticeEvent, Notifier } from '../notifier.ts';
import { eventFor, expiringArguments, notifyArguments } from './dbus-notice.ts';

export interface DbusNotifierOptions {
  readonly log: Log;
  /** Default: where the session's own variables point. */
  readonly busAddress?: string;
}

const notifications = {
  path: '/org/freedesktop/Notifications',
  interface: 'org.freedesktop.Notifications',
} as const;
const notifyCall = { ...notifications, member: 'Notify', signature: 'susssasa{sv}i' } as const;
const wellKnownName = 'org.freedesktop.Notifications';

/** A notice on the screen, and the daemon that put it there. */
interface Shown {
  readonly notice: Notice;
  readonly daemonId: number;
  readonly daemon: string;
}

/** A connection and what is known about the daemon on it. */
interface Session {
  readonly bus: Bus;
  readonly name: WatchedName;
  daemon: Daemon | undefined;
}

/** What one daemon said about itself. */
interface Daemon {
  /** Its unique name. */
  readonly name: string;
  readonly capabilities: ReadonlySet<string>;
  /** For example `Notification Daemon`. */
  readonly program: string;
}

/**
 * notification-daemon 3.20 says that a notice was closed when we ask, and leaves it on the screen. It does take away what
 * has expired, so there the notice is replaced by one that expires at once.
 */
const leavesClosedNotices = 'Notification Daemon';

/**
 * Notices through `org.freedesktop.Notifications`. Connects at once, and again at the next notice when the bus was lost.
 * The daemon that is found first is trusted until it changes.
 */
export function createDbusNotifier(options: DbusNotifierOptions): Notifier {
  return new DbusNotifier(options);
}

class DbusNotifier implements Notifier {
  readonly #options: DbusNotifierOptions;
  readonly #listeners = new Set<(event: NoticeEvent) => void>();
  readonly #shown = new Map<string, Shown>();
  #session: Session | undefined;
  #trusted: string | undefined;
  #trustsNext = true;
  #stopped = false;
  #saidNoBus = false;
  /** One thing after the other: two notices with one id must not both become new ones. */
  #queue: Promise<void> = Promise.resolve();

  constructor(options: DbusNotifierOptions) {
    this.#options = options;
    void this.#inTurn(() => this.#findDaemon().then(() => {}));
  }

  get hasActions(): boolean {
    return this.#session?.daemon?.capabilities.has('actions') ?? false;
  }

  show(notice: Notice): Promise<void> {
    return this.#inTurn(async () => {
      const session = await this.#findDaemon();
      const daemon = session?.name.owner();
      if (session === undefined || daemon === undefined) return;
      const before = this.#shown.get(notice.id);
      const body = notifyArguments(notice, {
        replaces: before?.daemon === daemon ? before.daemonId : 0,
        capabilities: session.daemon?.capabilities ?? new Set(),
      });
      const [daemonId] = await session.bus.call({ ...notifyCall, destination: daemon, body });
      if (typeof daemonId === 'number') this.#shown.set(notice.id, { notice, daemonId, daemon });
    });
  }

  close(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const shown = this.#shown.get(id);
      this.#shown.delete(id);
      if (shown === undefined || this.#session?.name.owner() !== shown.daemon) return;
      await takeAway(this.#session, shown);
    });
  }

  onEvent(listener: (event: NoticeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  state(): 'ready' | 'changed' | 'absent' {
    const daemon = this.#session?.name.owner();
    if (daemon === undefined) return 'absent';
    return daemon === this.#trusted ? 'ready' : 'changed';
  }

  trust(): void {
    this.#trusted = this.#session?.name.owner();
    if (this.#trusted !== undefined) return;
    this.#trustsNext = true;
    void this.#inTurn(() => this.#findDaemon().then(() => {}));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#listeners.clear();
    await this.#queue;
    this.#session?.bus.close();
    this.#forgetBus();
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(step).catch((error: unknown) => {
      this.#options.log.warn({ reason: String(error) }, 'the desktop did not take a notification');
    });
    this.#queue = done;
    return done;
  }

  /** Connects where needed, starts the daemon where needed, and learns what it can do. */
  async #findDaemon(): Promise<Session | undefined> {
    try {
      const session = await this.#connect();
      if (session === undefined) return undefined;
      if (session.name.owner() === undefined) await session.name.start();
      const daemon = session.name.owner();
      if (this.#trustsNext) this.#trusted = daemon;
      if (daemon !== undefined && session.daemon?.name !== daemon) session.daemon = await meet(session.bus, daemon);
      return session;
    } finally {
      this.#trustsNext = false;
    }
  }

  async #connect(): Promise<Session | undefined> {
    if (this.#session !== undefined || this.#stopped) return this.#session;
    const bus = await openBus(this.#options).catch((error: unknown) => this.#withoutBus(error));
    if (bus === undefined) return undefined;
    bus.onClose(() => this.#forgetBus());
    bus.onSignal((message) => this.#hear(message));
    await addMatch(bus, `type='signal',interface='${notifications.interface}',path='${notifications.path}'`);
    const name = await watchName(bus, wellKnownName, () => {});
    this.#session = { bus, name, daemon: undefined };
    return this.#session;
  }

  /** A machine without a session bus is a state, said once. */
  #withoutBus(error: unknown): undefined {
    if (!this.#saidNoBus)
      this.#options.log.info({ reason: String(error) }, 'there is no session bus, so no notifications are shown');
    this.#saidNoBus = true;
  }

  #forgetBus(): void {
    this.#session = undefined;
    // security: rule 12. Another bus gives the same unique names to other programs.
    this.#trusted = undefined;
    this.#shown.clear();
  }

  #hear(message: BusMessage): void {
    // security: rule 12. Every program on the bus may send this signal, to everybody or to us alone.
    if (message.sender !== this.#session?.name.owner()) return;
    if (message.interface !== notifications.interface || message.path !== notifications.path) return;
    const [daemonId, key] = message.body;
    // security: rule 12. A daemon answers for the notices that it showed, not for those of the one before it.
    const shown = [...this.#shown.values()].find((one) => one.daemonId === daemonId && one.daemon === message.sender);
    if (shown === undefined) return;
    if (message.member === 'NotificationClosed') this.#shown.delete(shown.notice.id);
    if (message.member !== 'ActionInvoked') return;
    const event = eventFor(shown.notice, key, this.state());
    if (event !== undefined) this.#tell(event);
  }

  #tell(event: NoticeEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#options.log.error({ reason: String(error) }, 'a click on a notification could not be handled');
      }
    }
  }
}

async function meet(bus: Bus, name: string): Promise<Daemon> {
  const [names] = await bus.call({ ...notifications, destination: name, member: 'GetCapabilities' });
  const [program] = await bus.call({ ...notifications, destination: name, member: 'GetServerInformation' });
  const list = Array.isArray(names) ? names.filter((one) => typeof one === 'string') : [];
  return { name, capabilities: new Set(list), program: String(program) };
}

async function takeAway({ bus, daemon }: Session, shown: Shown): Promise<void> {
  const destination = shown.daemon;
  if (daemon?.program === leavesClosedNotices) {
    await bus.call({ ...notifyCall, destination, body: expiringArguments(shown.notice, shown.daemonId) });
  }
  await bus.call({ ...notifications, destination, member: 'CloseNotification', signature: 'u', body: [shown.daemonId] });
}
