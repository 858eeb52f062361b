/**
 * The product as a program that is killed: the real core on a real folder, without a window. It loads first and waits, so that
 * a kill and the next start cost little. Whoever started it says when to begin, calls the contract over the process channel,
 * and is an agent over HTTP. It reports nothing by itself: what a client was told is known only to the client.
 */
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { demoBankPreset } from '../../../src/connections/presets.ts';
import type { OperationName } from '../../../src/contract/operations.ts';
import type { CallAnswer, CallEnvelope } from '../../../src/contract/presence.ts';
import { createCore, scryptCostOption } from '../../../src/core.ts';
import { sealedFileKeychain } from '../../../src/platform/keychain/sealed-file.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { memoryPlatform } from '../../support/memory-platform.ts';
import { testScryptCost } from '../../support/open-keep.ts';

export interface Begin {
  readonly folder: string;
  readonly agentPort: number;
  readonly issuer: string;
  readonly api: string;
}

export interface Call {
  readonly id: number;
  readonly operation: OperationName;
  readonly envelope: CallEnvelope;
}

export type FromCore =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'ready'; readonly session: string; readonly coreKey: string }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: CallAnswer };

const tell = (message: FromCore): void => void process.send?.(message);

async function begin({ folder, agentPort, issuer, api }: Begin): Promise<void> {
  const keychain = sealedFileKeychain(join(folder, 'keys.json'));
  const store = openStore({ file: join(folder, 'counterfoil.db') });
  const core = await createCore({ ...memoryPlatform({ keychain }), clock: systemClock }, store, {
    agentPort,
    version: 'killed',
    openWindow: () => {},
    quit: () => {},
    presets: [demoBankPreset({ issuer, api })],
    [scryptCostOption]: testScryptCost,
  });
  const { session, coreKey } = core.api.beginSession('page');
  process.on('message', ({ id, operation, envelope }: Call) => {
    core.api.call(session, operation, envelope).then(
      (answer) => tell({ kind: 'answer', id, answer }),
      (error: unknown) => tell({ kind: 'failed', error: String(error) }),
    );
  });
  tell({ kind: 'ready', session, coreKey });
}

process.once('disconnect', () => process.exit());
process.once('message', (message: Begin) => {
  begin(message).catch((error: unknown) =>
    tell({ kind: 'failed', error: error instanceof Error ? `${error.stack}` : String(error) }),
  );
});
tell({ kind: 'loaded' });
