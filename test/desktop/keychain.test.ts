import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Story } from './keychain-in-session.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, 'keychain-in-session.ts');

/** A bus that can start no service. */
const emptyBus = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`;

let folder: string;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'counterfoil-keychain-'));
  environment = { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8' };
  for (const [name, place] of [
    ['XDG_RUNTIME_DIR', 'run'],
    ['XDG_DATA_HOME', 'share'],
    ['XDG_CACHE_HOME', 'cache'],
  ] as const) {
    environment[name] = join(folder, place);
    await mkdir(join(folder, place), { mode: 0o700 });
  }
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const withKeyring = (story: Story): readonly string[] => [
  'dbus-run-session',
  '--',
  'bash',
  '-c',
  'printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null; exec "$@"',
  'bash',
  process.execPath,
  program,
  story,
  folder,
];

async function tell([command = '', ...values]: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const { stdout } = await run(command, values, { env: { ...environment, ...more }, timeout: 25_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

describe('the Secret Service as keychain', () => {
  test('keeps, overwrites and deletes an item', async () => {
    expect(await tell(withKeyring('round trip'))).toEqual({ kept: 'second', after: null, probe: 'ready' });
  });

  test('a locked keyring is refused, never taken for an empty one, and there is no other place chosen instead', async () => {
    const refused = 'keychain_refused';
    expect(await tell(withKeyring('locked'))).toEqual({ get: refused, set: refused, delete: refused, choose: refused });
  });

  test('a vault opens with it, and says that the keychain refused when it is locked', async () => {
    expect(await tell(withKeyring('vault'))).toEqual({ unlocked: null, locked: 'keychain_refused' });
  });

  test('without a session bus there is no keychain, and the file is chosen', async () => {
    const missing = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(folder, 'nothing')}` };
    const told = await tell([process.execPath, program, 'absent', folder], missing);
    expect(told).toEqual({ get: 'keychain_unavailable', probe: 'absent', kind: 'file' });
  });

  test('on a bus without a Secret Service there is no keychain, and the file is chosen', async () => {
    const config = join(folder, 'bus.conf');
    await writeFile(config, emptyBus);
    const told = await tell(['dbus-run-session', `--config-file=${config}`, '--', process.execPath, program, 'absent', folder]);
    expect(told).toEqual({ get: 'keychain_unavailable', probe: 'absent', kind: 'file' });
  });
});
