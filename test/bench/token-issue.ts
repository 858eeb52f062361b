/** P2: a token by refresh against its primitives: a round trip, two signatures verified, one made, one durable commit. */
import { createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { openStore } from '../../src/store/sqlite.ts';
import { assertion, assertionParameters, proofFor } from '../authserver/support/stock-agent.ts';
import { type GrantedAgent, openGrantedAgent } from './granted-agent.ts';
import { interleave, reportRatio } from './measure.ts';

const dsaEncoding = 'ieee-p1363';

interface PreparedRefresh {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export async function benchTokenIssue(rounds: number): Promise<void> {
  const granted = await openGrantedAgent();
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-bench-'));
  const store = openStore({ file: join(folder, 'bare.db') });
  const pool = new Pool(granted.core.issuer, { connections: 1 });
  const { key } = granted.agent;
  const publicKey = createPublicKey({ key: key.jwk, format: 'jwk' });
  const text = Buffer.alloc(400, 'a');
  const signed = () => sign('sha256', text, { key: key.privateKey, dsaEncoding });
  const signature = signed();
  let row = 0;
  try {
    const measured = await interleave(
      [
        { name: 'token by refresh', ...refreshing(granted, pool) },
        { name: 'one round trip', run: async () => (await pool.request({ path: '/jwks', method: 'GET' })).body.dump() },
        { name: 'assertion verified', run: () => verify('sha256', text, { key: publicKey, dsaEncoding }, signature) },
        { name: 'proof verified', run: () => verify('sha256', text, { key: publicKey, dsaEncoding }, signature) },
        { name: 'id token signed', run: signed },
        {
          name: 'one durable commit',
          run: () => {
            row += 1;
            store.commit([{ sql: 'INSERT INTO meta (key, value) VALUES (?, ?)', values: [`bench ${row}`, text] }]);
          },
        },
      ] as never,
      { rounds, warmUp: Math.ceil(rounds / 5) },
    );
    reportRatio('P2', measured, 2);
  } finally {
    await pool.destroy();
    store.close();
    rmSync(folder, { recursive: true, force: true });
    await granted.stop();
  }
}

/** The assertion, the proof and the nonce are the agent's work, so they are made outside the timed part. */
function refreshing({ core, agent, refreshToken: first }: GrantedAgent, pool: Pool) {
  let refreshToken = first;
  let nonce = 'none';
  const send = async (prepared: PreparedRefresh): Promise<number> => {
    const { statusCode, headers, body } = await pool.request({ path: '/token', method: 'POST', ...prepared });
    const answer = (await body.json()) as Record<string, unknown>;
    nonce = String(headers['dpop-nonce'] ?? nonce);
    if (statusCode === 200) refreshToken = String(answer['refresh_token']);
    return statusCode;
  };
  const make = (): PreparedRefresh => ({
    body: new URLSearchParams({
      client_id: agent.id,
      ...assertionParameters(assertion({ key: agent.key, id: agent.id, issuer: core.issuer })),
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    }).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      dpop: proofFor(agent.dpopKey, { htm: 'POST', htu: `${core.issuer}/token`, nonce }),
    },
  });
  return {
    async prepare(): Promise<PreparedRefresh> {
      if (nonce === 'none') await send(make());
      return make();
    },
    async run(prepared: PreparedRefresh): Promise<void> {
      const status = await send(prepared);
      if (status !== 200) throw new Error(`answered ${status}`);
    },
  };
}
