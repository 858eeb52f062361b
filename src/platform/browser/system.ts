import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Browser } from '../browser.ts';
import { checkLink, checkOwnLink } from './check-link.ts';
import { type Environment, findBrowser, hasDesktop } from './find-browser.ts';
import { removeRedirectPage, writeRedirectPage } from './redirect-page.ts';
import { type Program, type Started, startProgram } from './start-program.ts';

export interface SystemBrowserOptions {
  readonly log: Log;
  /** As `process.platform` spells it. */
  readonly platform: string;
  readonly environment: Environment;
  /** Our data folder; profiles live in a folder of their own there. */
  readonly dataFolder: string;
  /** `undefined` on Windows. */
  readonly uid?: number;
  readonly clock?: Clock;
}

export interface SystemBrowser extends Browser {
  /** Ends the windows that were opened here and takes their profiles away. */
  stop(): Promise<void>;
}

/** Milliseconds after which the page with the launch secret is taken away; the secret does not live longer. */
const pageLifetime = 60_000;
/** Milliseconds a browser gets to close by itself. */
const graceful = 3_000;

const profileFlags = [
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  // The profile keeps nothing, so the keychain need not be asked for a key.
  '--password-store=basic',
];

/** The browsers of this machine. */
export function createSystemBrowser(options: SystemBrowserOptions): SystemBrowser {
  return new ChromiumWindows(options);
}

class ChromiumWindows implements SystemBrowser {
  readonly #options: SystemBrowserOptions;
  readonly #clock: Clock;
  readonly #pages = new Map<string, () => void>();
  readonly #profiles: string[] = [];
  /** The browser that shows our windows while it runs: a further window joins it. */
  #window: { readonly profile: string; readonly browser: Started } | undefined;
  /** One after the other: two windows must not start two browsers. */
  #opening: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: SystemBrowserOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async openLink(url: string): Promise<boolean> {
    const link = checkLink(url);
    const program = openerFor(this.#options.platform, link);
    if (program === undefined || !hasDesktop(this.#options.platform, this.#options.environment)) return false;
    return (await this.#start(program)) !== undefined;
  }

  async openWindow(url: string): Promise<boolean> {
    const link = checkOwnLink(url);
    const opened = this.#opening.then(() => this.#open(link));
    this.#opening = opened.then(
      () => {},
      () => {},
    );
    return opened;
  }

  async #open(link: string): Promise<boolean> {
    const { platform, environment } = this.#options;
    const file = hasDesktop(platform, environment) ? findBrowser(platform, environment) : undefined;
    if (file === undefined || this.#stopped) return false;
    const running = this.#window?.browser.isRunning() === true ? this.#window : undefined;
    const profile = running?.profile ?? (await this.#newProfile());
    const page = await writeRedirectPage(profile, link);
    this.#pages.set(
      page,
      this.#clock.after(pageLifetime, () => void this.#removePage(page)),
    );
    const started = await this.#start({ file, argumentList: this.#windowArguments(profile, page) });
    if (started !== undefined && running === undefined) this.#window = { profile, browser: started };
    return started !== undefined;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#opening;
    await this.#window?.browser.stop(graceful);
    for (const page of [...this.#pages.keys()]) await this.#removePage(page);
    for (const profile of this.#profiles.splice(0)) await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  }

  #start(program: Program): Promise<Started | undefined> {
    return startProgram(program, { env: this.#options.environment, clock: this.#clock });
  }

  async #newProfile(): Promise<string> {
    const folder = join(this.#options.dataFolder, 'browser');
    // Whoever starts a first window here is the only one: what lies there was left by a run that was cut off.
    if (this.#profiles.length === 0) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // security: rule 10. Nothing that other pages left, and readable by this user only (mkdtemp gives 0700).
    const profile = await mkdtemp(join(folder, 'profile-'));
    this.#profiles.push(profile);
    return profile;
  }

  #windowArguments(profile: string, page: string): readonly string[] {
    const flags = [`--user-data-dir=${profile}`, ...profileFlags];
    if (this.#options.uid === 0) {
      this.#options.log.warn({}, 'running as root: the browser is started without its sandbox');
      flags.push('--no-sandbox');
    }
    // security: rule 10. The address carries a secret, so the command line names the page instead.
    return [...flags, `--app=${pathToFileURL(page).href}`];
  }

  async #removePage(page: string): Promise<void> {
    this.#pages.get(page)?.();
    this.#pages.delete(page);
    await removeRedirectPage(page);
  }
}

/** The program of the system that opens a link in the browser the person has chosen. */
export function openerFor(platform: string, link: string): Program | undefined {
  switch (platform) {
    case 'linux':
      return { file: 'xdg-open', argumentList: [link] };
    case 'darwin':
      return { file: '/usr/bin/open', argumentList: [link] };
    case 'win32':
      return { file: 'rundll32.exe', argumentList: ['url.dll,FileProtocolHandler', link] };
    default:
      return undefined;
  }
}
