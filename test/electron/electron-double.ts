/** Doubles of the few Electron functions that we call. They record what was asked and let a test play Electron's part. */
import type {
  Contents,
  ElectronApp,
  Frame,
  IpcEvent,
  IpcRegistry,
  Preventable,
  UiSession,
  UiWindow,
} from '../../electron/electron-api.ts';

type Listener = (...values: readonly unknown[]) => void;

class Emitter {
  readonly #listeners = new Map<string, Listener[]>();

  on(event: string, listener: unknown): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener as Listener]);
    return this;
  }

  emit(event: string, ...values: readonly unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...values);
  }

  /** Emits an event that a listener may prevent, and says whether one did. */
  isPrevented(event: string, ...before: readonly unknown[]): boolean {
    let prevented = false;
    const preventable: Preventable = {
      preventDefault() {
        prevented = true;
      },
    };
    this.emit(event, ...before, preventable);
    return prevented;
  }
}

export class ContentsDouble extends Emitter implements Contents {
  readonly id: number;
  readonly sent: (readonly unknown[])[] = [];
  windowOpenHandler: (() => { readonly action: 'deny' }) | undefined;
  destroyed = false;

  constructor(id: number) {
    super();
    this.id = id;
  }

  send(...message: readonly unknown[]): void {
    this.sent.push(message);
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  setWindowOpenHandler(handler: () => { readonly action: 'deny' }): void {
    this.windowOpenHandler = handler;
  }
}

export class AppDouble extends Emitter implements ElectronApp {
  readonly switches = new Set<string>();
  readonly commandLine = { hasSwitch: (name: string) => this.switches.has(name) };
  readonly done: string[] = [];

  requestSingleInstanceLock(): boolean {
    return true;
  }

  enableSandbox(): void {
    this.done.push('sandbox');
  }

  setPath(name: string, path: string): void {
    this.done.push(`${name} ${path}`);
  }

  async whenReady(): Promise<void> {
    this.done.push('ready');
  }
}

export class SessionDouble extends Emitter implements UiSession {
  readonly handlers = new Map<string, (request: Request) => Response | Promise<Response>>();
  permissionRequest: Parameters<UiSession['setPermissionRequestHandler']>[0] | undefined;
  permissionCheck: (() => boolean) | undefined;
  devicePermission: (() => boolean) | undefined;
  #beforeRequest: Parameters<UiSession['webRequest']['onBeforeRequest']>[0] | undefined;

  readonly protocol = {
    handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) => {
      this.handlers.set(scheme, handler);
    },
  };
  readonly webRequest: UiSession['webRequest'] = {
    onBeforeRequest: (listener) => {
      this.#beforeRequest = listener;
    },
  };

  setPermissionRequestHandler(handler: Parameters<UiSession['setPermissionRequestHandler']>[0]): void {
    this.permissionRequest = handler;
  }

  setPermissionCheckHandler(handler: () => boolean): void {
    this.permissionCheck = handler;
  }

  setDevicePermissionHandler(handler: () => boolean): void {
    this.devicePermission = handler;
  }

  /** Whether a request would be cancelled; `undefined` when nobody decides. */
  isCancelled(url: string): boolean | undefined {
    let cancelled: boolean | undefined;
    this.#beforeRequest?.({ url }, (answer) => {
      cancelled = answer.cancel;
    });
    return cancelled;
  }
}

export class IpcDouble implements IpcRegistry {
  readonly #handlers = new Map<string, (event: IpcEvent, ...values: readonly unknown[]) => Promise<unknown>>();

  handle(channel: string, listener: (event: IpcEvent, ...values: readonly unknown[]) => Promise<unknown>): void {
    this.#handlers.set(channel, listener);
  }

  /** Plays a page that invokes `channel`. */
  async invoke(channel: string, event: IpcEvent, ...values: readonly unknown[]): Promise<unknown> {
    const handler = this.#handlers.get(channel);
    if (handler === undefined) throw new Error(`nobody handles ${channel}`);
    return handler(event, ...values);
  }
}

export class WindowDouble extends Emitter implements UiWindow {
  readonly webContents = new ContentsDouble(1);
  readonly done: string[] = [];
  minimized = false;
  destroyed = false;

  async loadURL(url: string): Promise<void> {
    this.done.push(`load ${url}`);
  }

  show(): void {
    this.done.push('show');
  }

  focus(): void {
    this.done.push('focus');
  }

  hide(): void {
    this.done.push('hide');
  }

  restore(): void {
    this.done.push('restore');
  }

  isMinimized(): boolean {
    return this.minimized;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }
}

/** A message from the main frame of `origin`. */
export function fromPage(sender: Contents, origin: string, parent: Frame | null = null): IpcEvent {
  return { sender, senderFrame: { origin, parent } };
}
