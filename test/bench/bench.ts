/**
 * `npm run bench`: each line begins with the id of its goal. Everything is measured against its primitives in the same run,
 * because machines differ and are noisy. `npm run bench -- --rounds 200` for a quick look.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { benchForwardedCall } from './forwarded-call.ts';
import { benchKeyDerivation } from './key-derivation.ts';
import { benchStartUp } from './start-up.ts';
import { benchTokenIssue } from './token-issue.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1000' } } });
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 10) throw new Error('--rounds takes a whole number of at least 10');

const build = spawnSync(process.execPath, ['resources/start/build.ts'], { stdio: ['ignore', 'ignore', 'inherit'] });
if (build.status !== 0) process.exit(build.status ?? 1);

await benchForwardedCall(rounds);
await benchTokenIssue(rounds);
await benchKeyDerivation(10);
await benchStartUp(5);
