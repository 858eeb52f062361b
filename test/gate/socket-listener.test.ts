import { spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/base/errors.ts';
import { bindSocket, ownSocketOf, type SocketListener } from '../../src/gate/gate.ts';

describe.skipIf(process.platform === 'win32')('the socket of a listener', () => {
  let folder: string;
  let path: string;
  const open: SocketListener[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'counterfoil-gate-'));
    path = join(folder, 'agents.sock');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((listener) => listener.close()));
    rmSync(folder, { recursive: true, force: true });
  });
  const bind = async (): Promise<SocketListener> => {
    const listener = await bindSocket(path);
    open.push(listener);
    return listener;
  };
  const refused = async (): Promise<string> =>
    bind().then(
      () => 'bound',
      (error: unknown) => (isRefusal(error) ? error.code : String(error)),
    );
  const get = (): Promise<string> =>
    new Promise((resolve, reject) => {
      request({ socketPath: path, headers: { host: 'a' } }, (answer) => {
        answer.setEncoding('utf8').once('data', resolve);
      })
        .once('error', reject)
        .end();
    });

  test('is for this user only, tells each connection its path and inode, and is gone when it closes', async () => {
    const listener = await bind();
    const { mode, ino } = statSync(path);
    expect(mode & 0o777).toBe(0o600);
    listener.serve((asked, response) => response.end(JSON.stringify(ownSocketOf(asked.socket))));
    expect(JSON.parse(await get())).toEqual({ path, inode: String(ino) });
    await listener.close();
    expect(existsSync(path)).toBe(false);
  });

  test('takes the place of one that a killed program left (goal S4)', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    const child = spawn(process.execPath, ['-e', script]);
    await new Promise((resolve) => child.once('exit', resolve));
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(await refused()).toBe('bound');
  });

  test('is refused while another program listens there, which goes on (goal S4)', async () => {
    const squatter = createServer((socket) => socket.on('error', () => {}).end('here'));
    await new Promise<void>((resolve) => squatter.listen(path, resolve));
    expect(await refused()).toBe('port_taken');
    expect(lstatSync(path).isSocket()).toBe(true);
    await new Promise((resolve) => squatter.close(resolve));
  });

  test('is refused where a file stands, or in a folder that others enter', async () => {
    writeFileSync(path, 'mine');
    expect(await refused()).toBe('launch_failed');
    rmSync(path);
    chmodSync(folder, 0o755);
    expect(await refused()).toBe('launch_failed');
  });

  test('leaves alone what another program has put in its place (goal S4)', async () => {
    const listener = await bind();
    renameSync(path, `${path}.moved`);
    writeFileSync(path, 'theirs');
    await listener.close();
    expect(existsSync(path)).toBe(true);
  });
});
