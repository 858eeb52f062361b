/**
 * A program of this user replaces what says where the server is: the descriptor and the socket. Behind both it runs a server of its
 * own, which answers like the real one as far as it can.
 */
import { once } from 'node:events';
import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { passphrase, Victim } from './support/victim.ts';

let victim: Victim;
let fake: Server;
let heard = '';
const place = (name: string): string => join(victim.installation.runtime, name);

/** Answers every question with something that a client of the real server could take for an answer. */
function answerAnything(): Server {
  return createServer((request, response) => {
    request.on('data', (data: Buffer) => {
      heard += data.toString();
    });
    request.on('end', () => {
      heard += `${request.method} ${request.url} ${JSON.stringify(request.headers)}\n`;
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          session: 'session_fake',
          coreKey: 'A'.repeat(87),
          ok: true,
          output: { pending: [], recent: [], ended: 1 },
        }),
      );
    });
  });
}

beforeAll(async () => {
  victim = await Victim.begin();
  // The command line has met the real server.
  expect((await victim.installation.command('pending')).code).toBe(0);
  fake = answerAnything().listen(0, '127.0.0.1');
  await once(fake, 'listening');
});
afterAll(async () => {
  await new Promise((resolve) => fake.close(resolve));
  await victim.remove();
});

const lie = (): void => {
  const { port } = fake.address() as AddressInfo;
  const forged = { ...victim.installation.descriptor(), issuer: `http://127.0.0.1:${port}`, port, server_jkt: 'A'.repeat(43) };
  writeFileSync(place('server.json'), JSON.stringify(forged));
};

test('a descriptor that names another server is a hint that leads nobody to give anything away (security rule 29)', async () => {
  const real = readFileSync(place('server.json'));
  lie();
  for (const command of [['status'], ['pending'], ['grants'], ['doctor'], ['audit', '--verify']])
    await victim.installation.command(...command);
  expect(heard).not.toContain(passphrase);
  expect(heard).not.toMatch(/"(authorization|dpop|cookie)"|presence/i);
  // What it was asked is public.
  expect(heard.match(/^[A-Z]+ \S+/gm)?.filter((line) => !line.startsWith('GET /.well-known/'))).toEqual([]);
  await victim.assertNothingApproved();
  writeFileSync(place('server.json'), real);
});

test('a server of its own behind the socket is not taken for the real one: the command stops (security rule 29, goal S4)', async () => {
  rmSync(place('counterfoil.sock'));
  const behind = answerAnything().listen(place('counterfoil.sock'));
  await once(behind, 'listening');
  heard = '';
  for (const command of [['pending'], ['revoke', '--all'], ['lock']]) {
    const said = await victim.installation.command(...command);
    expect([command[0], said.code]).not.toEqual([command[0], 0]);
    expect(said.out).toBe('');
  }
  expect(heard).not.toContain('/call/grants.revokeAll');
  behind.closeAllConnections();
  await new Promise((resolve) => behind.close(resolve));
  await victim.assertNothingApproved();
});

test('the next start takes both places back, and writes through no link that was put there', async () => {
  await victim.shell.stop();
  const precious = join(victim.installation.folder, 'precious');
  writeFileSync(precious, 'as it was');
  rmSync(place('server.json'), { force: true });
  symlinkSync(precious, place('server.json'));
  await victim.start();
  expect(readFileSync(precious, 'utf8')).toBe('as it was');
  expect(lstatSync(place('server.json')).isSymbolicLink()).toBe(false);
  expect(victim.installation.descriptor().pid).toBe(victim.shell.child.pid);
  expect((await victim.installation.command('pending')).code).toBe(0);
});

test('a file in the place of the socket stops the start with a word about it, and is left alone', async () => {
  await victim.shell.stop();
  writeFileSync(place('counterfoil.sock'), 'mine');
  const ended = await victim.installation.run(['--no-open', '--port', '0']);
  expect(ended.code).not.toBe(0);
  expect(ended.err).toContain('not a socket stands where the socket belongs');
  expect(readFileSync(place('counterfoil.sock'), 'utf8')).toBe('mine');
  rmSync(place('counterfoil.sock'));
  expect(existsSync(place('server.json'))).toBe(false);
});
