// Makes node_modules agree with package-lock.json before any npm script of ours runs.
// Depends on nothing and runs on Node 20, because it is what brings the rest.
//
// Exit codes: 0 node_modules agrees (now), 1 the installation failed, 2 this Node or npm cannot do it.
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string} file @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }> | undefined} */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Why node_modules does not agree with the lock, or `undefined` when it does. Compares what is locked with what npm
 * noted down when it installed: times of files say nothing after a checkout.
 *
 * @param {string} folder
 */
export function findDisagreement(folder) {
  const locked = readPackages(join(folder, 'package-lock.json'));
  if (locked === undefined) return 'package-lock.json cannot be read';
  const installed = readPackages(join(folder, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'the packages it is made of are not installed yet';
  for (const [path, wanted] of Object.entries(locked)) {
    if (path === '') continue;
    const found = installed[path];
    if (found === undefined && wanted.optional) continue;
    if (found === undefined || found.version !== wanted.version || found.integrity !== wanted.integrity) {
      return `package-lock.json has changed (${path.replace(/^.*node_modules\//, '')})`;
    }
  }
  return undefined;
}

/** The npm that runs us, or the one in PATH. */
function npmCommand() {
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  if (script?.endsWith('.js')) return { command: node ?? process.execPath, args: [script], shell: false };
  return { command: 'npm', args: [], shell: process.platform === 'win32' };
}

function install() {
  const { command, args, shell } = npmCommand();
  // Install scripts stay off: nothing that we use needs one, and they are how a bad package gets in.
  const result = spawnSync(command, [...args, 'ci', '--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell,
  });
  if (result.error) {
    console.error(`Counterfoil: npm could not be started (${result.error.message}). Install npm 10 or newer.`);
    return 2;
  }
  if (result.status !== 0) {
    console.error('Counterfoil: the installation failed; npm says why above. Check the network and run the same command again.');
    return 1;
  }
  console.error('Counterfoil: installed.');
  return 0;
}

function main() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    console.error(`Counterfoil: needs Node 20 or newer to start; this is ${process.version}.`);
    return 2;
  }
  const reason = findDisagreement(root);
  if (reason === undefined) return 0;
  console.error(`Counterfoil: ${reason}; installing with npm ci (a minute or two) …`);
  return install();
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = main();
