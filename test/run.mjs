// `npm test`: everything that must hold, in one run, ending with the line that counts it.
//
// `npm run torture` is `npm test -- torture attacks --whole`. `npm test -- unit browser` runs only the steps whose names begin so; `npm test -- --list` names them.
// A failing step does not hide the ones after it. Needs nothing beyond Node; Debian's packages for the desktop steps are
// installed when we may, and named when we may not.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = join(root, 'test/output');
const bin = (name) => join(root, 'node_modules/.bin', name);

/** What the desktop steps need: a screen, a session bus, a keyring, a notification daemon, a browser. */
const debianPackages = [
  'chromium',
  'xvfb',
  'xauth',
  'dbus',
  'dbus-x11',
  'gnome-keyring',
  'libsecret-1-0',
  'notification-daemon',
  'openbox',
  'xdotool',
  'imagemagick',
  'x11-utils',
  'x11-apps',
  'fonts-dejavu-core',
];

const minute = 60_000;
const whole = process.argv.includes('--whole');
const withDesktop = (command) => ['bash', 'test/desktop/with-desktop.sh', ...command];
const vitest = (config, report) => [
  bin('vitest'),
  'run',
  '--config',
  config,
  '--reporter=dot',
  '--reporter=json',
  `--outputFile.json=${report}`,
];
const playwright = (config) => [bin('playwright'), 'test', '--config', config, '--reporter=line,json'];

/**
 * @typedef {{ name: string, command: readonly string[], report?: 'vitest' | 'playwright', needs?: string, desktop?: boolean,
 *   limit?: number, reads?: boolean }} Step
 * `reads`: looks at the source only, on one core, so it runs beside its neighbours that do the same.
 */

/** @param {string} name */
const reportOf = (name) => join(output, `report-${name}.json`);

/** @type {readonly Step[]} */
const steps = [
  { name: 'types', command: [bin('tsc'), '--noEmit'], reads: true },
  { name: 'lint', command: [bin('eslint'), '--config', 'test/architecture/eslint.config.js', '.'], reads: true },
  { name: 'format', command: [bin('biome'), 'check', '--config-path=test/architecture'], reads: true },
  {
    name: 'imports',
    command: [bin('depcruise'), '--config', 'test/architecture/dependencies.cjs', 'src', 'electron', 'renderer', 'resources'],
    reads: true,
  },
  { name: 'unused', command: [bin('knip'), '--config', 'test/architecture/knip.json'], reads: true },
  { name: 'build', command: [process.execPath, 'resources/start/build.ts'] },
  { name: 'unit', command: vitest('test/vitest.config.ts', reportOf('unit')), report: 'vitest', limit: 12 * minute },
  {
    // Goals that are counted, a hundredth of each; `--whole` runs them whole, and takes hours.
    name: 'torture',
    command: withDesktop(vitest('test/torture/vitest.config.ts', reportOf('torture'))),
    report: 'vitest',
    needs: 'test/torture/vitest.config.ts',
    desktop: true,
    limit: whole ? 12 * 60 * minute : 12 * minute,
  },
  {
    name: 'desktop',
    command: withDesktop(vitest('test/desktop/vitest.config.ts', reportOf('desktop'))),
    report: 'vitest',
    needs: 'test/desktop/vitest.config.ts',
    desktop: true,
  },
  {
    // Stories of what a program of the same user tries, on the shell as it was built.
    name: 'attacks',
    command: withDesktop(vitest('test/attacks/vitest.config.ts', reportOf('attacks'))),
    report: 'vitest',
    needs: 'test/attacks/vitest.config.ts',
    desktop: true,
  },
  {
    name: 'renderer',
    command: withDesktop(playwright('test/renderer/playwright.config.ts')),
    report: 'playwright',
    needs: 'test/renderer/playwright.config.ts',
    desktop: true,
    limit: 12 * minute,
  },
  {
    name: 'browser',
    command: withDesktop(playwright('test/browser/playwright.config.ts')),
    report: 'playwright',
    needs: 'test/browser/playwright.config.ts',
    desktop: true,
  },
  {
    name: 'electron',
    command: withDesktop(playwright('test/electron/playwright.config.ts')),
    report: 'playwright',
    needs: 'test/electron/playwright.config.ts',
    desktop: true,
  },
];

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/** @returns {Count | undefined} what a reporter wrote down */
function readReport(/** @type {Step} */ step) {
  try {
    const report = JSON.parse(readFileSync(reportOf(step.name), 'utf8'));
    if (step.report === 'vitest') {
      return {
        passed: report.numPassedTests,
        failed: report.numFailedTests,
        skipped: report.numPendingTests + report.numTodoTests,
      };
    }
    const { expected, unexpected, flaky, skipped } = report.stats;
    // A test that passed only when tried again has failed.
    return { passed: expected, failed: unexpected + flaky, skipped };
  } catch {
    return undefined;
  }
}

/** A step without a reporter counts as one test, and so does one that broke before or beside its tests. */
function countStep(/** @type {Step} */ step, /** @type {boolean} */ succeeded) {
  const count = step.report === undefined ? undefined : readReport(step);
  if (count === undefined) return succeeded ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
  return !succeeded && count.failed === 0 ? { ...count, failed: 1 } : count;
}

/** @returns {Promise<boolean>} whether the command ended well within its limit */
function runCommand(/** @type {Step} */ step) {
  const [command = '', ...args] = step.command;
  const limit = step.limit ?? 5 * minute;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', step.reads ? 'pipe' : 'inherit', step.reads ? 'pipe' : 'inherit'],
      detached: true,
      env: {
        ...process.env,
        PLAYWRIGHT_JSON_OUTPUT_FILE: reportOf(step.name),
        FORCE_COLOR: '0',
        ...(whole && { TORTURE_COUNTS: 'whole' }),
      },
    });
    const end = () => child.pid !== undefined && killGroup(child.pid);
    const timer = setTimeout(() => {
      console.log(`${step.name}: stopped after ${limit / minute} minutes`);
      end();
    }, limit);
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
    child.on('error', (error) => console.log(`${step.name}: ${error.message}`));
    // What runs beside others is printed in one piece.
    /** @type {Buffer[]} */
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => printed.push(chunk));
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(printed));
      clearTimeout(timer);
      process.off('SIGINT', end);
      process.off('SIGTERM', end);
      resolve(code === 0);
    });
  });
}

function killGroup(/** @type {number} */ pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** @returns {readonly string[]} Debian packages that are not here; none on a system without dpkg, which has other names for them */
function findMissingPackages() {
  const result = spawnSync('dpkg-query', ['--show', '--showformat=${db:Status-Status} ${Package}\n', ...debianPackages], {
    encoding: 'utf8',
  });
  if (result.error) return [];
  const installed = new Set(
    result.stdout
      .split('\n')
      .filter((line) => line.startsWith('installed '))
      .map((line) => line.slice('installed '.length)),
  );
  return debianPackages.filter((name) => !installed.has(name));
}

/** Makes the desktop steps possible. Returns why they are not, if so. */
function prepareDesktop() {
  if (process.platform !== 'linux') return 'they need Linux';
  const missing = findMissingPackages();
  if (missing.length === 0) return undefined;
  if (process.getuid?.() !== 0) return `install what they need first: sudo apt-get install ${missing.join(' ')}`;
  console.log(`Installing ${missing.join(' ')} …`);
  const options = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['update', '-qq'], options);
  const result = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
  return result.status === 0 ? undefined : `apt-get could not install ${missing.join(' ')}`;
}

/** @returns {Promise<{ count: Count, remark: string }>} */
async function runStep(/** @type {Step} */ step, /** @type {string | undefined} */ noDesktop) {
  if (step.desktop && noDesktop !== undefined) return { count: { passed: 0, failed: 0, skipped: 1 }, remark: noDesktop };
  if (step.needs !== undefined && !existsSync(join(root, step.needs))) {
    return { count: { passed: 0, failed: 1, skipped: 0 }, remark: `${step.needs} is missing` };
  }
  rmSync(reportOf(step.name), { force: true });
  const succeeded = await runCommand(step);
  return { count: countStep(step, succeeded), remark: '' };
}

async function main() {
  const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const chosen = steps.filter(({ name }) => wanted.length === 0 || wanted.some((start) => name.startsWith(start)));
  if (process.argv.includes('--list')) {
    console.log(chosen.map(({ name }) => name).join('\n'));
    return;
  }
  mkdirSync(output, { recursive: true });
  const noDesktop = chosen.some(({ desktop }) => desktop) ? prepareDesktop() : undefined;
  const total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const summary = [];
  const runAndCount = async (/** @type {Step} */ step) => {
    if (!step.reads) console.log(`\n== ${step.name}`);
    const startedAt = performance.now();
    const { count, remark } = await runStep(step, noDesktop);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    for (const key of /** @type {const} */ (['passed', 'failed', 'skipped'])) total[key] += count[key];
    const words = `${count.passed} ok, ${count.failed} wrong, ${count.skipped} left out${remark === '' ? '' : `: ${remark}`}`;
    summary.push(`${step.name.padEnd(9)} ${seconds.padStart(6)} s  ${words}`);
    console.log(`-- ${step.name}: ${seconds} s, ${words}`);
  };
  await Promise.all(chosen.filter(({ reads }) => reads).map(runAndCount));
  for (const step of chosen.filter(({ reads }) => !reads)) await runAndCount(step);
  console.log(`\n${summary.join('\n')}\n`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
}

await main();
