import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import {
  type Connection,
  type Connections,
  type ConnectionsDeps,
  createConnections,
  type ExchangeRequest,
} from '../../src/connections/connections.ts';
import { demoBankPreset } from '../../src/connections/presets.ts';
import { type DemoBank, startDemoBank } from '../demo/demo-bank.ts';
import { signInAsAda } from '../demo/sign-in-as-ada.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { type MemoryBrowser, type MemoryLog, memoryBrowser, memoryLog } from '../support/memory-platform.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';

export interface Bench {
  readonly keep: Keep;
  readonly bank: DemoBank;
  readonly browser: MemoryBrowser;
  readonly log: MemoryLog;
  readonly connections: Connections;
  stop(): Promise<void>;
}

interface BenchOptions {
  readonly bank?: DemoBank;
  readonly keep?: Keep;
  readonly deps?: Partial<ConnectionsDeps>;
}

/** Connections over a real store, with the demo bank as the only preset. The clock starts now, because the bank's runs. */
export async function openConnections(options: BenchOptions = {}): Promise<Bench> {
  const keep = options.keep ?? (await openKeep({ clock: createFakeClock(Date.now()) }));
  const bank = options.bank ?? (await startDemoBank());
  const [browser, log] = [memoryBrowser(), memoryLog()];
  const presets = [demoBankPreset({ issuer: bank.issuer, api: bank.api })];
  const connections = createConnections({ ...keep, browser, log, presets, ...options.deps });
  return {
    keep,
    bank,
    browser,
    log,
    connections,
    async stop() {
      await connections.stop();
      await bank.stop();
      keep.close();
    },
  };
}

/** Adds the demo connection and signs in as ada. */
export async function signIn({ connections }: Pick<Bench, 'connections'>): Promise<Connection> {
  const { id } = connections.add('demo');
  const { authorizationUrl } = await connections.beginSignIn(id);
  const callback = await signInAsAda(authorizationUrl);
  await (await fetch(callback, { redirect: 'manual' })).body?.cancel();
  return connections.finished(id);
}

/** An ES256 key such as the broker holds. */
export interface TestKey {
  readonly privateKey: KeyObject;
  readonly jwk: JWK;
  readonly jkt: string;
}

export async function makeTestKey(): Promise<TestKey> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = createPublicKey(createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))).export({
    format: 'jwk',
  }) as JWK;
  return { privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) };
}

export function signedJwt(key: TestKey, typ: string, claims: Record<string, unknown>): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode({ typ, alg: 'ES256', jwk: key.jwk })}.${encode(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** A good exchange for the list of accounts, signed with `key`. */
export function exchangeRequest(
  connection: Connection,
  { connections }: Pick<Bench, 'connections'>,
  key: TestKey,
): ExchangeRequest {
  const [resource] = connections.resources(connection.id);
  if (!resource) throw new Error('no resource');
  const { clientId, issuer } = connections.actorAudience(connection.id);
  const now = Math.floor(Date.now() / 1000);
  return {
    connectionId: connection.id,
    resource,
    scopes: ['accounts'],
    details: [{ type: 'account_information', actions: ['list_accounts'] }],
    actorToken: signedJwt(key, 'actor+jwt', {
      iss: clientId,
      sub: 'agent-7',
      aud: issuer,
      iat: now,
      exp: now + 60,
      jti: randomUUID(),
    }),
    proof: ({ method, url, nonce }) =>
      signedJwt(key, 'dpop+jwt', { htm: method, htu: url, iat: now, jti: randomUUID(), ...(nonce !== undefined && { nonce }) }),
  };
}
