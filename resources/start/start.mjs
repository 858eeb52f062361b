// `npm start`: builds what is out of date, then starts Counterfoil in Electron where Electron is there, and headless otherwise.
// What follows `--` goes to the shell: `npm start -- --no-open`, `npm start -- --headless`.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const electronFolder = join(root, 'node_modules', 'electron');

/** Path of Electron's binary, or `undefined`. Looks only: asking the package itself would start a download. */
function findElectron() {
  try {
    const name = readFileSync(join(electronFolder, 'path.txt'), 'utf8').trim();
    const binary = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(electronFolder, 'dist'), name);
    return name !== '' && existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

function hasDisplay() {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
}

/** @param {readonly string[]} args */
function chooseShell(args) {
  const headless = { command: process.execPath, args: ['--disable-sigusr1', join(root, 'dist/headless/main.js')] };
  if (args.includes('--headless') || args.includes('--help')) return headless;
  const electron = findElectron();
  if (electron !== undefined && hasDisplay()) return { command: electron, args: [root] };
  const why = electron === undefined ? 'Electron is not installed here' : 'there is no display for Electron';
  console.error(`Counterfoil: ${why}, so it runs without it; the same app opens in a browser window.`);
  return headless;
}

/**
 * Calls `stop` when the program that started us is gone. npm passes SIGTERM to the shell between it and us, and that shell
 * ends without telling anybody.
 */
function followParent(stop) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, 500);
  watch.unref();
}

/** Hands over to the shell: same terminal, same signals, same exit code. */
function run({ command, args }, rest) {
  const child = spawn(command, [...args, ...rest], { stdio: 'inherit', cwd: root });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl-C reaches the child by itself, through the terminal; what only we were sent is passed on.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  followParent(() => child.kill('SIGTERM'));
  child.on('error', (error) => {
    console.error(`Counterfoil: could not be started (${error.message}).`);
    process.exitCode = 1;
  });
  child.on('close', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 0);
  });
}

async function main() {
  if (Number(process.versions.node.split('.')[0]) < 24) {
    console.error(
      `Counterfoil: runs on Node 24; this is ${process.version}. Start it with \`npm start\`, or install Node 24 (macOS).`,
    );
    process.exitCode = 2;
    return;
  }
  const { build } = await import('./build.ts');
  await build({ say: (line) => console.error(line) });
  const args = process.argv.slice(2);
  run(
    chooseShell(args),
    args.filter((arg) => arg !== '--headless'),
  );
}

await main();
