import { openPersonDoor, type PersonDoor } from '../api/http.ts';
import { systemClock } from '../base/clock.ts';
import { isRefusal } from '../base/errors.ts';
import type { Browser } from '../platform/browser.ts';
import { type Ground, refuseDebuggers, takeGround } from '../shell/begin.ts';
import { createLog, type ShellLog } from '../shell/create-log.ts';
import { Endings } from '../shell/endings.ts';
import type { Environment } from '../shell/folders.ts';
import { hostNameOf } from '../shell/host-name.ts';
import type { ShellOptions } from '../shell/shell-options.ts';
import { type CoreStart, goPublic, startCore } from '../shell/start-core.ts';
import { beginLife } from '../shell/until-stopped.ts';
import { choosePlatform } from './choose-platform.ts';

export interface HeadlessStart {
  readonly options: ShellOptions;
  readonly environment: Environment;
  /** Folder of the built UI. */
  readonly uiFolder: string;
  /** Links, for programs and people. */
  readonly out: (line: string) => void;
  /** Everything else, for people. */
  readonly err: (line: string) => void;
}

/** Exit codes of a shell, by refusal; any other is 1. */
const exitCodes: Readonly<Record<string, number>> = { port_taken: 5, already_running: 5 };

/** Runs until it is told to stop, and returns the exit code. Explains in words why it cannot start. */
export async function runHeadless(start: HeadlessStart): Promise<number> {
  try {
    refuseDebuggers(start.environment, process.platform !== 'win32');
    const ground = await takeGround(start.environment);
    if (ground === 'shown') {
      start.err('Counterfoil is running already; its window was opened.');
      return 0;
    }
    return await runOnGround(start, ground);
  } catch (error) {
    return explain(error, start.err);
  }
}

function explain(error: unknown, err: (line: string) => void): number {
  if (!isRefusal(error)) throw error;
  err([error.message, error.hint].filter(Boolean).join(' '));
  return exitCodes[error.code] ?? 1;
}

async function runOnGround(start: HeadlessStart, { folders, lock }: Ground): Promise<number> {
  const log = createLog(folders.data, start.err);
  const endings = new Endings(log);
  const life = beginLife(log);
  endings.add(() => life.stop());
  endings.add(() => log.flush());
  endings.add(() => lock.release());
  try {
    const platform = await choosePlatform({ dataFolder: folders.data, environment: start.environment, log, endings });
    const window = new BrowserWindow(platform.browser, start, log);
    const coreStart: CoreStart = {
      platform,
      folders,
      endings,
      agentPort: start.options.port,
      openWindow: (place) => void window.open(place),
      quit: life.quit,
    };
    const core = await startCore(coreStart);
    const door = await openPersonDoor({ ...platform, api: core.api, uiFolder: start.uiFolder, hostName: hostNameOf(folders.data) });
    endings.add(() => door.close());
    window.leadsTo(door);
    await goPublic(core, coreStart);
    log.info({ issuer: core.issuer, pid: process.pid }, 'started');
    start.err(`Agents find Counterfoil at ${core.issuer}.`);
    if (start.options.opensUi) await window.open();
    else start.out(door.createLaunchUrl());
    return await life.over;
  } finally {
    await endings.run();
  }
}

/** Windows that may be opened in that time, whoever asks: the first is our own, the others are as many as the socket admits. */
const mostOpenings = 6;
const openingsWindowMs = 10_000;

/** The person's window: a browser's. Where none can be opened the link is printed, which works once within a minute. */
class BrowserWindow {
  readonly #browser: Browser;
  readonly #start: HeadlessStart;
  readonly #log: ShellLog;
  readonly #opened: number[] = [];
  #door: PersonDoor | undefined;

  constructor(browser: Browser, start: HeadlessStart, log: ShellLog) {
    this.#browser = browser;
    this.#start = start;
    this.#log = log;
  }

  leadsTo(door: PersonDoor): void {
    this.#door = door;
  }

  async open(place?: Parameters<CoreStart['openWindow']>[0]): Promise<void> {
    if (this.#door === undefined || this.#isTooOften()) return;
    const url = this.#door.createLaunchUrl(place);
    const opened = await this.#browser.openWindow(url).catch((error: unknown) => {
      this.#log.warn({ error: String(error) }, 'the browser could not be started');
      return false;
    });
    if (opened) this.#start.err('Counterfoil is open in a browser window.');
    else this.#print(url);
  }

  /** Any program of this user may ask over the bus or the socket: that must not cover the screen with windows. */
  #isTooOften(): boolean {
    const now = systemClock.elapsed();
    const recent = this.#opened.filter((at) => now - at < openingsWindowMs);
    // security: rule 29
    const tooOften = recent.length >= mostOpenings;
    this.#opened.splice(0, this.#opened.length, ...recent, ...(tooOften ? [] : [now]));
    return tooOften;
  }

  #print(url: string): void {
    this.#start.err('Open this link in a browser on this machine, within a minute ("counterfoil open" makes a new one):');
    this.#start.out(url);
  }
}
