import { hash, verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { epochSeconds } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import { proofAlgorithms } from '../base/proof-algorithms.ts';
import type { PublicKey } from '../base/public-key.ts';
import { hasPrivatePart, parsePublicJwk } from '../base/public-key.ts';
import type { CompactJwt } from './compact-jwt.ts';
import { parseCompactJwt, parseJsonSegment } from './compact-jwt.ts';
import { ProofNonces } from './proof-nonces.ts';
import { ProofReplays } from './proof-replays.ts';
import { type Quotas, QuotaWindows } from './quota-windows.ts';
import { sameTarget } from './same-target.ts';

/** What a proof must be for. */
export interface ProofDemand {
  /** Ours, without query. */
  readonly url: string;
  /** The token that came with it. */
  readonly accessToken?: string;
  /** Whose proof it should be, when that is known: the quota of proofs that fail is theirs. */
  readonly agent?: string;
}

/** A proof that passed every check. */
export interface VerifiedProof {
  readonly thumbprint: string;
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly iat: number;
}

const pastSeconds = 60;
const futureSeconds = 5;
const longestJti = 256;
const mostKnownHeaders = 512;

interface ProofHeader {
  readonly algorithm: string;
  readonly key: PublicKey;
}

/**
 * DPoP proofs, checked in the order of RFC 9449, section 4.3.
 *
 * One agent sends the same header with every proof, so a header that was judged once is known by its text: what is left
 * of each proof is one signature.
 */
export class ProofVerifier {
  readonly nonces: ProofNonces;
  readonly #clock: Clock;
  readonly #failed: QuotaWindows;
  readonly #replays: ProofReplays;
  readonly #knownHeaders = new Map<string, ProofHeader>();

  constructor(clock: Clock, quotas: Quotas = {}) {
    this.#clock = clock;
    this.#failed = new QuotaWindows(clock, 'failed-proofs', quotas);
    this.nonces = new ProofNonces(clock);
    this.#replays = new ProofReplays(clock, pastSeconds + futureSeconds);
  }

  /** The proof of this request. Refuses `proof_required`, `proof_invalid`, `nonce_required`, `proof_replayed`, `rate_limited`. */
  verify(request: IncomingMessage, demand: ProofDemand): VerifiedProof {
    const partition = demand.agent ?? 'unknown';
    // before any signature is looked at: that is what costs
    this.#failed.assertRoom(partition);
    try {
      return this.#verify(request, demand);
    } catch (error) {
      this.#failed.charge(partition);
      throw error;
    }
  }

  #verify(request: IncomingMessage, demand: ProofDemand): VerifiedProof {
    // RFC 9449, 4.3, check 1: not more than one header. Node joins several by a comma, which no JWT contains.
    const values = request.headersDistinct['dpop'] ?? [];
    const [text] = values;
    if (text === undefined)
      throw new Refusal('proof_required', 'A DPoP proof is needed here.', { hint: 'Send a DPoP header (RFC 9449).' });
    if (values.length > 1) throw invalid('Exactly one DPoP header is accepted.');
    // check 2: one well-formed JWT
    const jwt = parseCompactJwt(text);
    if (jwt === undefined) throw invalid('The DPoP header is not one JWT.');
    // check 3: all required claims
    const claims = claimsOf(jwt, demand);
    // checks 4, 5 and 7: typ, alg and the key
    const header = this.#headerOf(jwt);
    // check 6: the signature verifies with the key in the header
    if (!isSignedBy(jwt, header)) throw invalid('The signature of the proof does not verify.');
    // check 8: htm
    if (claims.htm !== request.method) throw invalid('htm is not the method of this request.');
    // check 9: htu, without query and fragment
    if (!sameTarget(claims.htu, demand.url)) throw invalid('htu is not the URL of this request.');
    // check 10: the nonce that we gave
    this.#checkNonce(claims.nonce);
    // check 11: made within the accepted time
    const age = epochSeconds(this.#clock) - claims.iat;
    if (age > pastSeconds || age < -futureSeconds) throw invalid('iat is too far from now.');
    // check 12, first half: ath. The second, that the token is bound to this key, needs the token.
    if (demand.accessToken !== undefined && claims.ath !== hash('sha256', demand.accessToken, 'base64url')) {
      throw invalid('ath is not the hash of the token.');
    }
    // security: section 11.1 and rule 18, after everything else, so that no stranger can spend a jti
    if (!this.#replays.isFirstUse(header.key.thumbprint, claims.jti)) {
      throw new Refusal('proof_replayed', 'This proof was used before.', { hint: 'Sign a new proof for each request.' });
    }
    return { thumbprint: header.key.thumbprint, jti: claims.jti, iat: claims.iat };
  }

  #headerOf(jwt: CompactJwt): ProofHeader {
    const known = this.#knownHeaders.get(jwt.headerText);
    if (known !== undefined) return known;
    const judged = judgeHeader(jwt.headerText);
    const oldest = this.#knownHeaders.keys().next();
    if (this.#knownHeaders.size >= mostKnownHeaders && oldest.done === false) this.#knownHeaders.delete(oldest.value);
    this.#knownHeaders.set(jwt.headerText, judged);
    return judged;
  }

  #checkNonce(nonce: string | undefined): void {
    // security: rule 18, also where a proof is a courtesy: without one, a clock that is set back would make an old proof good again
    if (nonce === undefined || !this.nonces.isFresh(nonce)) {
      throw new Refusal('nonce_required', 'The proof must carry the nonce of this server.', {
        hint: 'Sign again with the value of the DPoP-Nonce header of this answer.',
      });
    }
  }
}

interface ProofClaims {
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  readonly iat: number;
  readonly ath: string | undefined;
  readonly nonce: string | undefined;
}

function claimsOf(jwt: CompactJwt, demand: ProofDemand): ProofClaims {
  const { jti, htm, htu, iat, ath, nonce } = jwt.payload;
  if (typeof jti !== 'string' || jti === '' || jti.length > longestJti) throw invalid('jti is missing or too long.');
  if (typeof htm !== 'string') throw invalid('htm is missing.');
  if (typeof htu !== 'string') throw invalid('htu is missing.');
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw invalid('iat is missing.');
  if (demand.accessToken !== undefined && typeof ath !== 'string') throw invalid('ath is missing.');
  if (nonce !== undefined && typeof nonce !== 'string') throw invalid('nonce is not text.');
  return { jti, htm, htu, iat, ath: typeof ath === 'string' ? ath : undefined, nonce };
}

function judgeHeader(text: string): ProofHeader {
  const header = parseJsonSegment(text);
  // check 4: typ
  if (header?.['typ'] !== 'dpop+jwt') throw invalid('typ is not dpop+jwt.');
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64'))
    throw invalid('The header has extensions that are not known here.');
  // check 5: an asymmetric algorithm that we accept
  const algorithm = proofAlgorithms.find((accepted) => accepted === header['alg']);
  if (algorithm === undefined) throw invalid(`alg must be one of ${proofAlgorithms.join(', ')}.`);
  const jwk = header['jwk'];
  // check 7: no private key
  if (typeof jwk === 'object' && jwk !== null && hasPrivatePart(jwk as Record<string, unknown>)) {
    throw invalid('jwk contains a private key.');
  }
  const key = parsePublicJwk(jwk);
  if (key === undefined || !key.algorithms.includes(algorithm)) throw invalid('jwk is not a public key for this alg.');
  return { algorithm, key };
}

function isSignedBy(jwt: CompactJwt, header: ProofHeader): boolean {
  if (jwt.signature.length !== 64) return false;
  const digest = header.algorithm === 'ES256' ? 'sha256' : null;
  return verify(digest, Buffer.from(jwt.signed, 'latin1'), { key: header.key.key, dsaEncoding: 'ieee-p1363' }, jwt.signature);
}

function invalid(message: string): Refusal {
  return new Refusal('proof_invalid', message, { hint: 'See RFC 9449, section 4.2.' });
}
