/**
 * The few functions of Electron that we call, as our own narrow interfaces. `main.ts` hands the real ones in, and the compiler
 * checks there that they fit; tests hand in a double that records what was asked of it, because the binary need not be there.
 */

export interface Preventable {
  preventDefault(): void;
}

/** A frame of a page, as `WebFrameMain`. */
export interface Frame {
  readonly origin: string;
  readonly parent: Frame | null;
}

/** What one call over IPC says about who sent it. */
export interface IpcEvent {
  readonly senderFrame: Frame | null;
  readonly sender: Contents;
}

export interface Contents {
  readonly id: number;
  send(channel: string, ...values: readonly unknown[]): void;
  isDestroyed(): boolean;
  setWindowOpenHandler(handler: () => { readonly action: 'deny' }): void;
  on(event: 'will-navigate' | 'will-redirect' | 'will-attach-webview', listener: (event: Preventable) => void): unknown;
  on(event: 'destroyed' | 'render-process-gone' | 'did-navigate', listener: () => void): unknown;
}

export interface UiWindow {
  readonly webContents: Contents;
  loadURL(url: string): Promise<void>;
  show(): void;
  focus(): void;
  hide(): void;
  isMinimized(): boolean;
  isDestroyed(): boolean;
  restore(): void;
  on(event: 'close', listener: (event: Preventable) => void): unknown;
}

/** The Chromium profile that the window lives in. */
export interface UiSession {
  readonly protocol: { handle(scheme: string, handler: (request: Request) => Response | Promise<Response>): void };
  readonly webRequest: {
    onBeforeRequest(listener: (details: { readonly url: string }, callback: (answer: { cancel?: boolean }) => void) => void): void;
  };
  setPermissionRequestHandler(
    handler: (contents: unknown, permission: unknown, callback: (granted: boolean) => void) => void,
  ): void;
  setPermissionCheckHandler(handler: () => boolean): void;
  setDevicePermissionHandler(handler: () => boolean): void;
  on(event: 'will-download', listener: (event: Preventable) => void): unknown;
}

export interface IpcRegistry {
  handle(channel: string, listener: (event: IpcEvent, ...values: readonly unknown[]) => Promise<unknown>): void;
}

export interface ElectronApp {
  readonly commandLine: { hasSwitch(name: string): boolean };
  requestSingleInstanceLock(): boolean;
  enableSandbox(): void;
  setPath(name: 'userData', path: string): void;
  whenReady(): Promise<void>;
  on(event: 'second-instance' | 'window-all-closed' | 'activate', listener: () => void): unknown;
  on(event: 'before-quit', listener: (event: Preventable) => void): unknown;
  on(event: 'web-contents-created', listener: (event: unknown, contents: Contents) => void): unknown;
}

/** A notification of the system, as `Notification`. */
export interface SystemNotice {
  show(): void;
  close(): void;
  on(event: 'click' | 'close', listener: () => void): unknown;
  /** `index` counts the actions as they were given; newer versions say it in `details`. */
  on(event: 'action', listener: (details: { readonly actionIndex?: number }, index: number) => void): unknown;
}

export interface SystemNoticeOptions {
  readonly title: string;
  readonly body: string;
  readonly actions: { readonly type: 'button'; readonly text: string }[];
  readonly urgency: 'normal' | 'critical';
}

export interface SystemTray {
  setToolTip(text: string): void;
  setIcon(name: TrayIcon): void;
  setMenu(entries: readonly TrayEntry[]): void;
  onClick(listener: () => void): void;
  destroy(): void;
}

/** Names of the pictures `resources/icons/tray-<name>.png`. */
export type TrayIcon = 'ok' | 'locked' | 'paused' | `waiting-${number}` | 'waiting-9-plus';

export type TrayEntry =
  | { readonly kind: 'separator' }
  | { readonly kind: 'line'; readonly label: string; readonly enabled: boolean; readonly click?: () => void };

/** All of Electron that the app uses. `real-electron.ts` is the one that is real. */
export interface ElectronParts {
  readonly app: ElectronApp;
  readonly ipc: IpcRegistry;
  readonly isNoticeSupported: () => boolean;
  readonly createNotice: (options: SystemNoticeOptions) => SystemNotice;
  readonly createTray: () => SystemTray;
  readonly createWindow: () => UiWindow;
  readonly openExternal: (url: string) => Promise<void>;
  /** Shows words in a box of its own; also before there is a window. */
  readonly showError: (title: string, text: string) => void;
  /** The profile of the window. After {@link ElectronApp.whenReady}. */
  readonly uiSession: () => UiSession;
}
