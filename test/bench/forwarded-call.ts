/** P1: a forwarded call against a bare undici pass-through, one proof verified and one signed. */
import { createPublicKey, hash, sign, verify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { proofFor, signJwt } from '../authserver/support/stock-agent.ts';
import { type GrantedAgent, openGrantedAgent } from './granted-agent.ts';
import { interleave, report, reportRatio } from './measure.ts';

const path = '/accounts';

export async function benchForwardedCall(rounds: number): Promise<void> {
  const granted = await openGrantedAgent();
  const passThrough = await startPassThrough(granted.upstream);
  const ours = new Pool(granted.core.issuer, { connections: 1 });
  const bare = new Pool(`http://127.0.0.1:${(passThrough.address() as AddressInfo).port}`, { connections: 1 });
  try {
    const measured = await interleave(
      [
        { name: 'forwarded call', ...forwarding(granted, ours) },
        { name: 'undici pass-through', run: () => get(bare, path, {}) },
        { name: 'one proof verified', ...verifying(granted) },
        { name: 'one proof signed', run: () => proofText(granted) },
      ] as never,
      { rounds, warmUp: Math.ceil(rounds / 5) },
    );
    reportRatio('P1', measured, 1.5);
    report('P1', 'not measured here: calls without proofs (there is no such mode), requests per second on one core');
  } finally {
    await Promise.all([ours.destroy(), bare.destroy()]);
    passThrough.close();
    passThrough.closeAllConnections();
    await granted.stop();
  }
}

/** A fresh proof for each call, made outside the timed part: the agent's own work is not ours. */
function forwarding({ core, agent, accessToken }: GrantedAgent, pool: Pool) {
  const target = `/proxy/demo${path}`;
  const ath = hash('sha256', accessToken, 'base64url');
  let nonce = 'none';
  const headers = (): Record<string, string> => ({
    authorization: `DPoP ${accessToken}`,
    dpop: proofFor(agent.dpopKey, { htm: 'GET', htu: `${core.issuer}${target}`, ath, nonce }),
  });
  return {
    async prepare(): Promise<Record<string, string>> {
      if (nonce === 'none') {
        const refused = await pool.request({ path: target, method: 'GET', headers: headers() });
        await refused.body.dump();
        nonce = String(refused.headers['dpop-nonce']);
      }
      return headers();
    },
    async run(prepared: Record<string, string>): Promise<void> {
      nonce = (await get(pool, target, prepared)) ?? nonce;
    },
  };
}

async function get(pool: Pool, target: string, headers: Record<string, string>): Promise<string | undefined> {
  const { statusCode, headers: answered, body } = await pool.request({ path: target, method: 'GET', headers });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`answered ${statusCode}: ${text}`);
  return answered['dpop-nonce']?.toString();
}

function startPassThrough(upstream: string): Promise<Server> {
  const pool = new Pool(upstream, { connections: 64 });
  const server = createServer((request, response) => {
    void pool.stream({ path: request.url ?? '/', method: 'GET' }, ({ statusCode, headers }) =>
      response.writeHead(statusCode, headers as never),
    );
  });
  server.on('close', () => void pool.destroy());
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function proofText({ agent, core }: GrantedAgent): string {
  return signJwt(
    agent.dpopKey,
    { alg: 'ES256', typ: 'dpop+jwt', jwk: agent.dpopKey.jwk },
    { jti: 'bench', iat: 1, htm: 'GET', htu: core.issuer },
  );
}

function verifying({ agent, core }: GrantedAgent): { prepare: () => Buffer; run: (input: Buffer) => boolean } {
  const key = createPublicKey({ key: agent.dpopKey.jwk, format: 'jwk' });
  const privateKey = agent.dpopKey.privateKey;
  const dsaEncoding = 'ieee-p1363';
  const text = Buffer.from(proofText({ agent, core } as GrantedAgent));
  const signature = sign('sha256', text, { key: privateKey, dsaEncoding });
  return { prepare: () => text, run: (input) => verify('sha256', input, { key, dsaEncoding }, signature) };
}
