import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { build } from '../../resources/start/build.ts';
import { newChallenge, thumbprintProven } from '../../src/cli/pin-server.ts';
import { type HeadlessProcess, Installation, openPage } from './headless-process.ts';

const passphrase = 'freebase suffocate udder moonscape grudge';
const serverChanged = 6;

describe.skipIf(process.platform === 'win32')('the command line pins the key of the server', () => {
  let installation: Installation;
  let running: HeadlessProcess;

  beforeAll(() => build(), 120_000);
  beforeEach(async () => {
    installation = new Installation();
    running = await installation.start();
    await installation.command('open');
    await (await openPage(await running.link())).call('vault.create', {}, passphrase);
  });
  afterEach(() => installation.remove());

  const pinFile = () => join(installation.data, 'command-line.json');
  const socket = () => join(installation.runtime, 'counterfoil.sock');

  it('at its first command, in a file for its owner alone (security rule 29)', async () => {
    expect(await installation.command('status')).toMatchObject({ code: 0, err: '' });
    expect(statSync(pinFile()).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(pinFile(), 'utf8'))).toEqual({ server_jkt: installation.descriptor().server_jkt });
    const doctor = await installation.command('doctor');
    expect([doctor.code, doctor.out]).toEqual([0, expect.stringContaining(String(installation.descriptor().server_jkt))]);
  });

  it('and stops when the key changed: both are named, nothing was sent, an exit code of its own (security rule 29, goal S4)', async () => {
    writeFileSync(pinFile(), JSON.stringify({ server_jkt: 'A'.repeat(43) }), { mode: 0o600 });
    const { code, err, out } = await installation.command('pause');
    expect([code, out]).toEqual([serverChanged, '']);
    expect(err).toContain('A'.repeat(43));
    expect(err).toContain(String(installation.descriptor().server_jkt));
    expect(err).toContain('nothing was sent');
    const doctor = await installation.command('doctor');
    expect([doctor.code, doctor.out]).toEqual([serverChanged, expect.stringMatching(/key +fail/)]);
    unlinkSync(pinFile());
    expect(JSON.parse((await installation.command('status', '--json')).out)).toMatchObject({ paused: false });
  });

  it('and believes no other program on the socket (security rule 29, goal S4)', async () => {
    await installation.command('status');
    await running.stop();
    mkdirSync(installation.runtime, { recursive: true, mode: 0o700 });
    const asked: string[] = [];
    const squatter = createServer((question, response) => {
      asked.push(question.url ?? '');
      const session = { session: 'session_x', coreKey: 'AAAA' };
      const body = question.url === '/session' ? session : { ok: true, output: { proof: 'a.b.c', ended: 3 } };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    }).listen(socket());
    await once(squatter, 'listening');
    const { code, err, out } = await installation.command('revoke', '--all');
    squatter.close();
    expect([code, out]).toEqual([serverChanged, '']);
    expect(err).toContain('none that it could prove');
    expect(asked.some((path) => path.includes('grants'))).toBe(false);
  });

  it('is told when the core cannot prove itself because it was not unlocked since it started', async () => {
    await installation.command('status');
    await running.stop();
    running = await installation.start();
    const { code, err } = await installation.command('pause');
    expect([code, err]).toEqual([0, expect.stringContaining('Not proven')]);
  });

  it('takes no proof of the port for one of the socket, and none for another question (security rule 29)', async () => {
    const { issuer, server_jkt: key } = installation.descriptor();
    const challenge = newChallenge();
    const { proof } = (await (await fetch(`${issuer}/.well-known/counterfoil-server?challenge=${challenge}`)).json()) as {
      proof: string;
    };
    const now = Date.now();
    expect(thumbprintProven(proof, { challenge, way: 'port', issuer, now })).toBe(key);
    expect(thumbprintProven(proof, { challenge, way: 'socket', now })).toBeUndefined();
    expect(thumbprintProven(proof, { challenge: newChallenge(), way: 'port', issuer, now })).toBeUndefined();
    expect(thumbprintProven(proof, { challenge, way: 'port', issuer: 'http://127.0.0.1:1', now })).toBeUndefined();
    expect(thumbprintProven(proof, { challenge, way: 'port', issuer, now: now + 3_600_000 })).toBeUndefined();
    const forged = proof.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    expect(
      thumbprintProven(`${proof.split('.')[0]}.${forged.split('.')[1]}.AAAA`, { challenge, way: 'port', now }),
    ).toBeUndefined();
  });
});
