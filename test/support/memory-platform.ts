/**
 * Every port of `src/platform` as a double that records what it was asked.
 *
 *     const platform = memoryPlatform();                   // platform.clock is a fake clock
 *     platform.notifier.shown                              // notices on the desktop now, newest last
 *     platform.notifier.click('appr_1', 'review')          // as the daemon would report it
 *     platform.notifier.become('changed')                  // the daemon's owner changed
 *     platform.tray.act('lock'); platform.tray.states      // what the icon showed, newest last
 *     platform.browser.windows, platform.browser.links     // URLs that were opened
 *     platform.processes.evidence = { … }                  // what `identify` reports; `evidenceOf` makes one
 *     platform.log.lines                                   // what was logged
 *     platform.demo.calls
 */

import type { Log } from '../../src/base/log.ts';
import type { Browser } from '../../src/platform/browser.ts';
import type { DemoProgram } from '../../src/platform/demo-program.ts';
import { memoryKeychain } from '../../src/platform/keychain/memory.ts';
import type { Keychain } from '../../src/platform/keychain.ts';
import type { Notice, NoticeEvent, Notifier } from '../../src/platform/notifier.ts';
import type { Platform } from '../../src/platform/platform.ts';
import type { Peer, ProcessEvidence, ProcessIdentity } from '../../src/platform/process-identity.ts';
import type { Tray, TrayAction, TrayState } from '../../src/platform/tray.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

export interface MemoryNotifier extends Notifier {
  /** Notices that are on the desktop, oldest first. */
  readonly shown: readonly Notice[];
  /** Every notice ever shown, oldest first. */
  readonly history: readonly Notice[];
  click(id: string, action: NoticeEvent['action']): void;
  become(state: ReturnType<Notifier['state']>): void;
  readonly stopped: boolean;
}

export interface MemoryTray extends Tray {
  readonly states: readonly TrayState[];
  act(action: TrayAction): void;
  readonly stopped: boolean;
}

export interface MemoryBrowser extends Browser {
  readonly windows: readonly string[];
  readonly links: readonly string[];
  /** What opening answers. Default `true`. */
  opens: boolean;
}

export interface MemoryProcesses extends ProcessIdentity {
  evidence: ProcessEvidence;
  readonly asked: readonly Peer[];
}

export interface MemoryDemo extends DemoProgram {
  readonly calls: readonly string[];
}

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface MemoryLog extends Log {
  readonly lines: readonly LogLine[];
}

export interface MemoryPlatform extends Platform {
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly notifier: MemoryNotifier;
  readonly tray: MemoryTray;
  readonly browser: MemoryBrowser;
  readonly processes: MemoryProcesses;
  readonly demo: MemoryDemo;
}

/** A whole platform. Anything given replaces its double. */
export function memoryPlatform(given: { readonly clock?: FakeClock; readonly keychain?: Keychain } = {}): MemoryPlatform {
  return {
    clock: given.clock ?? createFakeClock(),
    keychain: given.keychain ?? memoryKeychain(),
    log: memoryLog(),
    notifier: memoryNotifier(),
    tray: memoryTray(),
    browser: memoryBrowser(),
    processes: memoryProcesses(),
    demo: memoryDemo(),
  };
}

export function memoryLog(): MemoryLog {
  const lines: LogLine[] = [];
  const write = (level: LogLine['level']) => (fields: LogLine['fields'], message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, info: write('info'), warn: write('warn'), error: write('error') };
}

function memoryNotifier(): MemoryNotifier {
  const shown = new Map<string, Notice>();
  const history: Notice[] = [];
  const listeners = listenersOf<NoticeEvent>();
  let state: ReturnType<Notifier['state']> = 'ready';
  let stopped = false;
  return {
    hasActions: true,
    history,
    get shown() {
      return [...shown.values()];
    },
    get stopped() {
      return stopped;
    },
    show: async (notice) => {
      shown.delete(notice.id);
      shown.set(notice.id, notice);
      history.push(notice);
    },
    close: async (id) => {
      shown.delete(id);
    },
    click(id, action) {
      shown.delete(id);
      listeners.tell({ id, action });
    },
    onEvent: listeners.add,
    state: () => state,
    become(next) {
      state = next;
    },
    trust() {
      if (state === 'changed') state = 'ready';
    },
    stop: async () => {
      stopped = true;
    },
  };
}

function memoryTray(): MemoryTray {
  const states: TrayState[] = [];
  const listeners = listenersOf<TrayAction>();
  let stopped = false;
  return {
    states,
    show: (state) => void states.push(state),
    onAction: listeners.add,
    act: listeners.tell,
    get stopped() {
      return stopped;
    },
    stop: async () => {
      stopped = true;
    },
  };
}

export function memoryBrowser(): MemoryBrowser {
  const windows: string[] = [];
  const links: string[] = [];
  return {
    windows,
    links,
    opens: true,
    async openWindow(url) {
      windows.push(url);
      return this.opens;
    },
    async openLink(url) {
      links.push(url);
      return this.opens;
    },
  };
}

function memoryProcesses(): MemoryProcesses {
  const asked: Peer[] = [];
  return {
    evidence: evidenceOf(),
    asked,
    async identify(peer) {
      asked.push(peer);
      return this.evidence;
    },
  };
}

/** Evidence of an ordinary, fully verified program, or with `changes` to it. */
export function evidenceOf(changes: Partial<ProcessEvidence> = {}): ProcessEvidence {
  const process = {
    pid: 4711,
    executable: '/usr/bin/agent',
    executableVerified: true,
    device: '2049',
    inode: '131',
    startTime: '88001',
  };
  const root = {
    pid: 4242,
    executable: '/usr/bin/bash',
    executableVerified: true,
    device: '2049',
    inode: '77',
    startTime: '87000',
  };
  return {
    state: 'known',
    process,
    parents: [root],
    root,
    commandLine: ['agent', '--once'],
    workingDirectory: '/home/person/work',
    uid: 1000,
    userName: 'person',
    ownNamespaces: true,
    confinement: [],
    otherHolders: [],
    remarks: [],
    ...changes,
  };
}

/** Evidence of a program of which the system said nothing. */
export const unknownEvidence: ProcessEvidence = {
  state: 'unknown',
  parents: [],
  ownNamespaces: false,
  confinement: [],
  otherHolders: [],
  remarks: ['The system reported no process for this connection.'],
};

function memoryDemo(): MemoryDemo {
  const calls: string[] = [];
  return {
    calls,
    startServers: async () => {
      calls.push('startServers');
      return { issuer: 'http://127.0.0.1:7420', api: 'http://127.0.0.1:7421' };
    },
    startAgent: async (issuer) => {
      calls.push(`startAgent ${issuer}`);
    },
    stop: async () => {
      calls.push('stop');
    },
  };
}

function listenersOf<Event>(): { add: (listener: (event: Event) => void) => () => void; tell: (event: Event) => void } {
  const listeners = new Set<(event: Event) => void>();
  return {
    add(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(event) {
      for (const listener of [...listeners]) listener(event);
    },
  };
}
