/**
 * The person and the machine that is attacked: the shell as it ships, as a process, with real HTTP and a real socket; a page
 * that is unlocked; an agent that was accepted; a request of low risk that waits.
 *
 *     const victim = await Victim.begin();            // on a machine without bus and keychain
 *     const victim = await Victim.begin({ bus: address });    // on this session bus
 *     await victim.assertNothingApproved();
 *     await victim.remove();
 */
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import type { ContractClient } from '../../../src/contract/client.ts';
import { createClient } from '../../../src/contract/client.ts';
import { createHttpTransport } from '../../../src/contract/http-transport.ts';
import type { OperationInput } from '../../../src/contract/operations.ts';
import { localFetch, type Sent } from '../../api/local-fetch.ts';
import { registerAgent, type StockAgent } from '../../authserver/support/stock-agent.ts';
import { type HeadlessProcess, Installation } from '../../headless/headless-process.ts';

export const passphrase = 'umbrella quartz violin tundra pickle';

/** With a session bus of the test's own. */
class InstallationOnBus extends Installation {
  readonly #bus: string;

  constructor(bus: string) {
    super();
    this.#bus = bus;
  }

  override environment(): Record<string, string> {
    return { ...super.environment(), DBUS_SESSION_BUS_ADDRESS: this.#bus };
  }
}

export type Decision = OperationInput<'approvals.approve'>;

export class Victim {
  readonly installation: Installation;
  #shell: HeadlessProcess | undefined;
  #page: ContractClient | undefined;
  #agent: StockAgent | undefined;

  private constructor(installation: Installation) {
    this.installation = installation;
  }

  /** Everything up to the request that waits. */
  static async begin({ bus }: { readonly bus?: string } = {}): Promise<Victim> {
    const victim = new Victim(bus === undefined ? new Installation() : new InstallationOnBus(bus));
    await victim.start();
    const { page } = victim;
    await page.call('vault.create', {}, passphrase);
    await page.call('connections.add', { presetId: 'demo' }, passphrase);
    victim.#agent = await registerAgent(victim.issuer);
    await victim.agent.ask();
    await page.call('approvals.approve', { ...(await victim.decision()), agentName: 'Planner' }, passphrase);
    await victim.agent.ask();
    return victim;
  }

  /** The shell runs and the person has a page. */
  async start(args?: readonly string[]): Promise<string> {
    this.#shell = await this.installation.start(args);
    const link = await this.link();
    this.#page = await openPage(link);
    return link;
  }

  /** The person's page: the one in which the passphrase was given. */
  get page(): ContractClient {
    if (this.#page === undefined) throw new Error('there is no page');
    return this.#page;
  }

  get shell(): HeadlessProcess {
    if (this.#shell === undefined) throw new Error('the shell does not run');
    return this.#shell;
  }

  get agent(): StockAgent {
    if (this.#agent === undefined) throw new Error('there is no agent');
    return this.#agent;
  }

  get issuer(): string {
    return this.installation.descriptor().issuer;
  }

  /** What any program of this user does to see a launch link of a machine without a screen: it asks for a window. */
  async link(): Promise<string> {
    const asked = this.installation.command('open');
    const link = await this.shell.link();
    await asked;
    return link;
  }

  /** What a page sends to approve the request that waits, as it was drawn, for 15 minutes. */
  async decision(reader: ContractClient = this.page): Promise<Decision> {
    const { pending } = await reader.call('approvals.list', {});
    const id = pending[0]?.id ?? '';
    const card = await reader.call('approvals.card', { id });
    const narrowing = { details: card.details.map(({ detail }) => detail), scopes: card.scopes, lifetime: '15m' as const };
    const { grantedDigest } = await reader.call('approvals.preview', { id, narrowing });
    return { id, cardVersion: card.version, askedDigest: card.askedDigest, grantedDigest, narrowing };
  }

  /** One grant, which the person gave, and one request that waits still. */
  async assertNothingApproved(reader: ContractClient = this.page): Promise<void> {
    expect((await reader.call('approvals.list', {})).pending).toHaveLength(1);
    expect((await reader.call('grants.list', {})).grants).toHaveLength(1);
  }

  /** The database, as a program of the same user opens it. */
  database(): Database.Database {
    return new Database(`${this.installation.data}/counterfoil.db`);
  }

  async remove(): Promise<void> {
    await this.installation.remove();
  }
}

/** Opens a page by its link, as a browser would. */
export async function openPage(link: string, sent: Sent[] = []): Promise<ContractClient> {
  const { origin, hash } = new URL(link);
  const launch = new URLSearchParams(hash.slice(1)).get('launch') ?? '';
  return createClient(await createHttpTransport({ base: origin, launch, fetch: localFetch(origin, { sent }) }));
}
