import process from 'node:process';
import type { Log } from '../../base/log.ts';
import { type Bus, type BusAnswer, type BusMessage, busDaemon, openBus } from '../dbus/open-bus.ts';
import { type WatchedName, watchName } from '../dbus/watch-name.ts';
import type { Tray, TrayAction, TrayState } from '../tray.ts';
import { answerCall, itemInterface, itemPath, menuInterface, menuPath, statusOf } from './answer-call.ts';

export interface StatusNotifierOptions {
  readonly log: Log;
  /** Default: where the session's own variables point. */
  readonly busAddress?: string;
}

const watcher = {
  path: '/StatusNotifierWatcher',
  interface: 'org.kde.StatusNotifierWatcher',
} as const;
const watcherName = 'org.kde.StatusNotifierWatcher';

/** The icon by StatusNotifierItem and dbusmenu. Joins the panel that runs, and each that comes later; quiet without one. */
export function createStatusNotifierTray(options: StatusNotifierOptions): Tray {
  return new StatusNotifierTray(options);
}

class StatusNotifierTray implements Tray {
  readonly #options: StatusNotifierOptions;
  readonly #listeners = new Set<(action: TrayAction) => void>();
  #state: TrayState = { vault: 'absent', paused: false, pendingCount: 0 };
  #revision = 1;
  #bus: Bus | undefined;
  #opening: Promise<void> | undefined;
  #stopped = false;

  constructor(options: StatusNotifierOptions) {
    this.#options = options;
    this.#open();
  }

  show(state: TrayState): void {
    const before = this.#state;
    if (before.vault === state.vault && before.paused === state.paused && before.pendingCount === state.pendingCount) return;
    this.#state = state;
    this.#revision += 1;
    if (this.#bus === undefined) this.#open();
    else this.#announce(this.#bus);
  }

  onAction(listener: (action: TrayAction) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#listeners.clear();
    await this.#opening;
    this.#bus?.close();
    this.#bus = undefined;
  }

  #open(): void {
    if (this.#opening !== undefined || this.#stopped) return;
    this.#opening = this.#connect()
      .catch((error: unknown) => {
        this.#options.log.info({ reason: String(error) }, 'this desktop shows no icon for us');
      })
      .finally(() => {
        this.#opening = undefined;
      });
  }

  async #connect(): Promise<void> {
    const bus = await openBus(this.#options);
    bus.onClose(() => {
      this.#bus = undefined;
    });
    bus.onCall((call) => this.#answer(call));
    // The name that the specification asks for; one program has one icon.
    const ownName = `org.kde.StatusNotifierItem-${process.pid}-1`;
    await bus.call({ ...busDaemon, member: 'RequestName', signature: 'su', body: [ownName, 0] });
    const join = (panel: string | undefined): void => void this.#join(bus, panel, ownName);
    const panels: WatchedName = await watchName(bus, watcherName, join);
    this.#bus = bus;
    this.#options.log.info({ panel: panels.owner() !== undefined }, 'the icon is ready');
  }

  async #join(bus: Bus, panel: string | undefined, ownName: string): Promise<void> {
    if (panel === undefined) return;
    try {
      const call = { ...watcher, destination: panel, member: 'RegisterStatusNotifierItem' };
      await bus.call({ ...call, signature: 's', body: [ownName] });
    } catch (error) {
      this.#options.log.warn({ reason: String(error) }, 'the panel did not take the icon');
    }
  }

  #announce(bus: Bus): void {
    const item = { path: itemPath, interface: itemInterface };
    bus.emit({ ...item, member: 'NewIcon', signature: '', body: [] });
    bus.emit({ ...item, member: 'NewAttentionIcon', signature: '', body: [] });
    bus.emit({ ...item, member: 'NewToolTip', signature: '', body: [] });
    bus.emit({ ...item, member: 'NewStatus', signature: 's', body: [statusOf(this.#state)] });
    const menu = { path: menuPath, interface: menuInterface };
    bus.emit({ ...menu, member: 'LayoutUpdated', signature: 'ui', body: [this.#revision, 0] });
  }

  #answer(call: BusMessage): BusAnswer | undefined {
    const answered = answerCall(call, { state: this.#state, revision: this.#revision });
    for (const action of answered?.actions ?? []) this.#tell(action);
    return answered?.answer;
  }

  #tell(action: TrayAction): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(action);
      } catch (error) {
        this.#options.log.error({ reason: String(error) }, 'a click on the icon could not be handled');
      }
    }
  }
}
