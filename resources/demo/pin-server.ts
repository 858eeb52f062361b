/**
 * Makes a stock client stop when another server answers than the one it registered with. A descriptor and a port are hints
 * that any program of this user can take; the key is not. Before each request the server signs a random challenge with its
 * key, and names its own address, so another program can neither answer nor pass the answer on.
 *
 * What this does not stop: the first registration trusts whoever answers; a program that takes the port in the moment
 * between the proof and the request gets that one request; and one that edits this agent's files can edit the pin.
 */
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';
import type { FoundServer } from './find-server.ts';
import { fetchThrough } from './socket-fetch.ts';

/** Nothing was sent to whoever answers. */
export class ServerNotProven extends Error {
  readonly reason: 'changed' | 'no-proof' | 'locked';

  constructor(reason: ServerNotProven['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The thumbprint of the key that the server proves to hold now (RFC 7638), and that its way to us is its own. */
export async function provenThumbprint({ issuer, socket }: FoundServer): Promise<string> {
  const challenge = randomBytes(32).toString('base64url');
  const url = `${issuer}/.well-known/counterfoil-server?challenge=${challenge}`;
  try {
    const answer = await fetchThrough(socket)(url, { redirect: 'error', signal: AbortSignal.timeout(10_000) });
    if (answer.status === 503) throw new ServerNotProven('locked', 'Counterfoil is locked and cannot prove itself.');
    const { proof } = (await answer.json()) as { proof: string };
    const { payload, signer } = await verify(proof, 'counterfoil-proof+jwt', issuer);
    const vouched = await verify(String(payload.vouched), 'counterfoil-run+jwt', issuer);
    const { jkt } = (vouched.payload.cnf ?? {}) as { jkt?: unknown };
    if (payload.challenge === challenge && isThisWay(payload, socket) && jkt === signer) return vouched.signer;
  } catch (error) {
    if (error instanceof ServerNotProven) throw error;
    throw new ServerNotProven('no-proof', `${words}: it gave no valid proof of its key. ${advice}`);
  }
  throw new ServerNotProven('no-proof', `${words}: its proof does not fit the question. ${advice}`);
}

/** A proof that was fetched elsewhere names another way, or the inode of another socket. */
function isThisWay({ way, socket_inode: inode }: JWTPayload, socket: string | undefined): boolean {
  if (socket === undefined) return way === 'port';
  return way === 'agents-socket' && inode === String(statSync(socket, { bigint: true }).ino);
}

const words = 'Whoever answers at the address of Counterfoil is not shown to be it';
const advice = 'Nothing was sent. Look which program has the port: counterfoil doctor';

async function verify(jwt: string, typ: string, issuer: string): Promise<{ payload: JWTPayload; signer: string }> {
  const { jwk } = decodeProtectedHeader(jwt);
  const options = { issuer, typ, algorithms: ['ES256'], requiredClaims: ['exp', 'iat'] };
  const { payload } = await jwtVerify(jwt, EmbeddedJWK, options);
  return { payload, signer: await calculateJwkThumbprint(jwk ?? {}) };
}

/** `fetch` that asks for the proof first, each time, and reaches no other address than the issuer's. */
export function pinnedFetch(server: FoundServer, pinned: string): typeof fetch {
  const { issuer, socket } = server;
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== issuer) throw new ServerNotProven('no-proof', `Nothing is sent to ${url.origin}.`);
    assertPinned(pinned, await provenThumbprint(server), issuer);
    return fetchThrough(socket)(input, { ...init, redirect: 'error' });
  };
}

/** Throws with both thumbprints and what to do when the server is another one. */
export function assertPinned(pinned: string, found: string, issuer: string): void {
  if (found === pinned) return;
  throw new ServerNotProven(
    'changed',
    [
      `The server at ${issuer} is not the one that this agent registered with. Nothing was sent.`,
      `  pinned key:  ${pinned}`,
      `  found there: ${found}`,
      'If you set Counterfoil up anew, compare with "counterfoil doctor" and start again with --new-server.',
      'Otherwise another program answers in its place: end it.',
    ].join('\n'),
  );
}
