import { isRefusal, Refusal } from '../base/errors.ts';
import type { ConnectionId } from '../base/ids.ts';
import type { DemoStateView } from '../contract/shapes.ts';
import type { ApiDeps } from './api.ts';

type DemoDeps = Pick<ApiDeps, 'demo' | 'connections' | 'changes' | 'issuer' | 'log' | 'vault'>;

const presetId = 'demo';

/** The demonstration as it goes: servers, connection, sign-in, agent. */
export class DemoRun {
  readonly #deps: DemoDeps;
  #state: DemoStateView = { state: 'off' };
  #starting: Promise<DemoStateView> | undefined;

  constructor(deps: DemoDeps) {
    this.#deps = deps;
  }

  state(): DemoStateView {
    return this.#state;
  }

  /** Starts what does not run yet; two starts at once are one. Returns when the sign-in page is open or the agent runs. */
  start(): Promise<DemoStateView> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #start(): Promise<DemoStateView> {
    const { connections, demo, vault } = this.#deps;
    if (vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'Unlock Counterfoil first.');
    this.#become({ state: 'starting' });
    try {
      await demo.startServers();
      const { id, state } = connections.add(presetId);
      if (state === 'signed_in') return await this.#startAgent(id);
      const { authorizationUrl, opened } = await connections.beginSignIn(id);
      this.#become({ state: 'sign_in', connectionId: id, ...(opened ? {} : { authorizationUrl }) });
      void this.#afterSignIn(id);
      return this.#state;
    } catch (error) {
      return this.#fail(error);
    }
  }

  async #afterSignIn(id: ConnectionId): Promise<void> {
    try {
      await this.#deps.connections.finished(id);
      await this.#startAgent(id);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #startAgent(id: ConnectionId): Promise<DemoStateView> {
    await this.#deps.demo.startAgent(this.#deps.issuer());
    return this.#become({ state: 'running', connectionId: id });
  }

  #fail(error: unknown): DemoStateView {
    if (!isRefusal(error)) this.#deps.log.error({ error: String(error) }, 'the demonstration failed');
    const message = isRefusal(error) ? error.message : 'Something went wrong here. The log has more.';
    return this.#become({ state: 'failed', message });
  }

  #become(state: DemoStateView): DemoStateView {
    this.#state = state;
    this.#deps.changes.publish({ topic: 'demo' });
    return state;
  }
}
