import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync, sign } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, epochSeconds } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import { parsePublicJwk } from '../base/public-key.ts';
import { ownSocketOf, setSecurityHeaders } from '../gate/gate.ts';
import type { Vault } from '../vault/vault.ts';

/** Where a client asks whether it talks to the server whose key it pinned (security rule 29). */
export const provePath = '/.well-known/counterfoil-server';

const challengePattern = /^[A-Za-z0-9_-]{43}$/;
const proofLifetimeSeconds = 60;
const vouchedForSeconds = 24 * 3600;

/**
 * How the question came: `socket` is the person's, `agents-socket` the one beside the port. A proof for one way is none for
 * another.
 */
export type ProofWay = 'port' | 'socket' | 'agents-socket';

/**
 * Answers challenges, also while locked, without a long-lived key outside the vault.
 *
 * The server's key exists only while unlocked, so at each unlock it vouches for a key that lives in the memory of this
 * run alone, for 24 hours and this issuer. That one signs the challenge. Before the first unlock of a run nothing can be
 * proven, and whoever pinned the key waits. A key in the OS keychain would answer then too, but most programs of this user
 * can read it there: it would prove nothing against those we defend against.
 *
 * A proof names the issuer, so a program on another port cannot pass ours on as its own; for the agents' socket it names the
 * inode of the file, so neither can one that put its own socket in that place.
 */
export class ServerProof {
  readonly #deps: { readonly vault: Vault; readonly clock: Clock; readonly issuer: string };
  readonly #runKey: KeyObject;
  readonly #runJwk: Readonly<Record<string, string>>;
  readonly #runThumbprint: string;
  #vouched: { readonly text: string; readonly until: number } | undefined;

  constructor(deps: { readonly vault: Vault; readonly clock: Clock; readonly issuer: string }) {
    this.#deps = deps;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const runKey = parsePublicJwk(publicKey.export({ format: 'jwk' }));
    if (runKey === undefined) throw new Error('a key that was made here is a key');
    this.#runKey = privateKey;
    this.#runJwk = runKey.jwk;
    this.#runThumbprint = runKey.thumbprint;
    deps.vault.onUnlock(() => this.#vouch());
  }

  /**
   * A compact JWS over the challenge, with the server key's word for the key that signed it.
   * Refuses `invalid_input`, `vault_absent`, and `vault_locked` before the first unlock of this run.
   *
   * @param challenge 32 random bytes of the one who asks, base64url.
   * @param inode Of the agents' socket, when the question came there.
   */
  prove(challenge: string, way: ProofWay, inode?: string): string {
    if (!challengePattern.test(challenge)) {
      throw new Refusal('invalid_input', 'A challenge is 32 random bytes in base64url.', { hint: '?challenge=<43 characters>' });
    }
    const now = epochSeconds(this.#deps.clock);
    const payload = {
      iss: this.#deps.issuer,
      way,
      ...(inode === undefined ? {} : { socket_inode: inode }),
      challenge,
      iat: now,
      exp: now + proofLifetimeSeconds,
      vouched: this.#vouchedNow(now),
    };
    return compactJws({ typ: 'counterfoil-proof+jwt', jwk: this.#runJwk }, payload, (data) =>
      sign('sha256', data, { key: this.#runKey, dsaEncoding: 'ieee-p1363' }),
    );
  }

  #vouchedNow(now: number): string {
    const state = this.#deps.vault.state();
    if (state === 'absent') throw new Refusal('vault_absent', 'This program is not set up yet.');
    const isFresh = this.#vouched !== undefined && now < this.#vouched.until - vouchedForSeconds / 2;
    if (state === 'unlocked' && !isFresh) this.#vouch();
    if (this.#vouched !== undefined && now < this.#vouched.until) return this.#vouched.text;
    throw new Refusal('vault_locked', 'The person has not unlocked this program yet, so it cannot prove itself.', {
      hint: 'Wait until it is unlocked.',
      retryAfterSeconds: 2,
    });
  }

  #vouch(): void {
    const { vault, clock, issuer } = this.#deps;
    const serverKey = parsePublicJwk(vault.serverPublicJwk());
    if (serverKey === undefined) return;
    const now = epochSeconds(clock);
    const payload = { iss: issuer, iat: now, exp: now + vouchedForSeconds, cnf: { jkt: this.#runThumbprint } };
    const text = compactJws({ typ: 'counterfoil-run+jwt', jwk: serverKey.jwk }, payload, (data) => vault.signAsServer(data));
    this.#vouched = { text, until: payload.exp };
  }
}

/** Answers {@link provePath}. The request has passed the gate. */
export function answerProof(request: IncomingMessage, response: ServerResponse, proof: ServerProof): void {
  const challenge = new URLSearchParams(request.url?.split('?')[1] ?? '').get('challenge') ?? '';
  const own = ownSocketOf(request.socket);
  const proven = own === undefined ? proof.prove(challenge, 'port') : proof.prove(challenge, 'agents-socket', own.inode);
  const body = JSON.stringify({ proof: proven });
  setSecurityHeaders(response);
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function compactJws(header: object, payload: object, signed: (data: Uint8Array) => Uint8Array): string {
  const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${segment({ alg: 'ES256', ...header })}.${segment(payload)}`;
  return `${input}.${Buffer.from(signed(Buffer.from(input))).toString('base64url')}`;
}
