/** A whole core over a memory platform, with its agents' door on a free port and an unlocked page. */
import type { Api, SessionKind } from '../../src/api/api.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import { type ContractClient, createClient, type Transport } from '../../src/contract/client.ts';
import { fromBase64Url } from '../../src/contract/seal-presence.ts';
import { type Core, type CoreConfig, createCore, scryptCostOption } from '../../src/core.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { type MemoryPlatform, memoryPlatform } from '../support/memory-platform.ts';
import { testPassphrase, testScryptCost } from '../support/open-keep.ts';

export interface Page {
  readonly transport: Transport;
  readonly client: ContractClient;
}

export interface OpenCore<Machine extends Platform = MemoryPlatform> {
  readonly core: Core;
  readonly platform: Machine;
  readonly store: Store;
  /** The page in which the vault was made: unlocked here. */
  readonly page: Page;
  /** One more page, channel or socket. */
  readonly begin: (kind: SessionKind) => Page;
  /** Windows that the core asked for, by approval. */
  readonly windows: readonly (string | undefined)[];
  readonly close: () => Promise<void>;
}

/** A transport within the process: what IPC does, without the wire. */
export function inProcess(api: Api, kind: SessionKind): Transport {
  const { session, coreKey } = api.beginSession(kind);
  return {
    session,
    coreKey: fromBase64Url(coreKey),
    call: (operation, envelope) => api.call(session, operation, envelope),
    changes: (onNotice) => api.changes(session, onNotice),
  };
}

export function pageOf(transport: Transport): Page {
  return { transport, client: createClient(transport) };
}

/** Where nothing listens: a demonstration that somebody runs on this machine is not touched. */
const nobody = { issuer: 'http://127.0.0.1:1', api: 'http://127.0.0.1:1' };

export interface OpenCoreOptions<Machine extends Platform = MemoryPlatform>
  extends Partial<Pick<CoreConfig, 'presets' | 'agentPort' | 'agentSocket'>> {
  readonly vault?: 'absent' | 'unlocked';
  readonly file?: string;
  readonly platform?: Machine;
}

export function openCore(options: OpenCoreOptions = {}): Promise<OpenCore> {
  return openCoreOn(options.platform ?? memoryPlatform(), options);
}

/** A core over a platform of the test's own. */
export async function openCoreOn<Machine extends Platform>(
  platform: Machine,
  options: OpenCoreOptions<Machine> = {},
): Promise<OpenCore<Machine>> {
  const store = openStore({ file: options.file ?? ':memory:' });
  const windows: (string | undefined)[] = [];
  const core = await createCore(platform, store, {
    agentPort: options.agentPort ?? 0,
    ...(options.agentSocket === undefined ? {} : { agentSocket: options.agentSocket }),
    version: '0.0.0-test',
    openWindow: (approval) => windows.push(approval),
    quit: () => {},
    presets: options.presets ?? [demoBankPreset(nobody)],
    [scryptCostOption]: testScryptCost,
  });
  const begin = (kind: SessionKind): Page => pageOf(inProcess(core.api, kind));
  const page = begin('page');
  const how = core.vault.state() === 'absent' ? 'vault.create' : 'vault.unlock';
  if (options.vault !== 'absent') await page.client.call(how, {}, testPassphrase);
  return {
    core,
    platform,
    store,
    page,
    begin,
    windows,
    close: async () => {
      await core.stop();
      store.close();
    },
  };
}
