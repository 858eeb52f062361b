/** M3: how long one try of a passphrase takes, at the parameters of a new vault. At least 200 ms, so that guessing is slow. */
import { randomBytes } from 'node:crypto';
import { Secret } from '../../src/base/secret.ts';
import { scryptCostDefault } from '../../src/vault/vault-record.ts';
import { unwrapMasterKey, wrapWithPassphrase } from '../../src/vault/wrap-master-key.ts';
import { interleave, milliseconds, report } from './measure.ts';

const millisecondsAtLeast = 200;

export async function benchKeyDerivation(rounds: number): Promise<void> {
  const passphrase = Secret.fromText('umbrella quartz violin tundra pickle');
  const install = 'bench';
  const wrapped = await wrapWithPassphrase(randomBytes(32), { passphrase }, { install, cost: scryptCostDefault });
  const run = () => unwrapMasterKey({ id: 'passphrase', ...wrapped }, { passphrase }, install);
  const [measured] = await interleave([{ name: 'one try of a passphrase', run }], { rounds, warmUp: 1 });
  if (measured === undefined) throw new Error('nothing was measured');
  report(
    'M3',
    `${measured.name}: p50 ${milliseconds(measured.p50)}, p99 ${milliseconds(measured.p99)} (goal: at least ${millisecondsAtLeast} ms)`,
  );
}
