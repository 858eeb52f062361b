import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { CommandFailed } from './command-failed.ts';
import { exitCodes } from './exit-codes.ts';

/** How a proof must have been made to count: for this challenge, this way, and this issuer where one is known. */
export interface ProofQuestion {
  readonly challenge: string;
  readonly way: 'port' | 'socket' | 'agents-socket';
  /** Of the agents' socket that was asked. */
  readonly inode?: string;
  readonly issuer?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

type Members = Readonly<Record<string, unknown>>;

export function newChallenge(): string {
  return randomBytes(32).toString('base64url');
}

/** The thumbprint of the server key behind a proof; `undefined` when the proof is none. Says nothing about which server. */
export function thumbprintProven(proof: unknown, question: ProofQuestion): string | undefined {
  const outer = verified(proof, 'counterfoil-proof+jwt', question);
  const vouched = verified(outer?.payload['vouched'], 'counterfoil-run+jwt', question);
  if (outer === undefined || vouched === undefined) return undefined;
  const { challenge, way, iss, socket_inode: inode } = outer.payload;
  const isThisWay = way === question.way && inode === question.inode;
  const fits = challenge === question.challenge && isThisWay && iss === vouched.payload['iss'];
  const isVouchedFor = (vouched.payload['cnf'] as Members | undefined)?.['jkt'] === outer.signer;
  return fits && isVouchedFor ? vouched.signer : undefined;
}

/** The payload of a JWS that is signed by the key in its header, of this type, and not over. */
function verified(jws: unknown, typ: string, { issuer, now }: ProofQuestion): { payload: Members; signer: string } | undefined {
  try {
    const [header = '', payload = '', signature = '', ...rest] = String(jws).split('.');
    const { alg, typ: found, jwk } = parse(header) as { alg?: unknown; typ?: unknown; jwk?: Members };
    if (rest.length > 0 || alg !== 'ES256' || found !== typ || jwk?.['crv'] !== 'P-256') return undefined;
    const { crv, kty, x, y } = jwk;
    const key = createPublicKey({ key: { crv, kty, x, y } as Record<string, string>, format: 'jwk' });
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))) return undefined;
    const claims = parse(payload);
    if (typeof claims['exp'] !== 'number' || claims['exp'] * 1000 <= now) return undefined;
    if (issuer !== undefined && claims['iss'] !== issuer) return undefined;
    // RFC 7638, 3.2
    return { payload: claims, signer: createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url') };
  } catch {
    return undefined;
  }
}

function parse(segment: string): Members {
  return JSON.parse(Buffer.from(segment, 'base64url').toString('utf8')) as Members;
}

/** The key of the server that the command line believed first. One file of this user's, for nobody else to read. */
export class ServerPin {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  read(): string | undefined {
    try {
      const { server_jkt: pinned } = JSON.parse(readFileSync(this.file, 'utf8')) as { readonly server_jkt?: unknown };
      return typeof pinned === 'string' ? pinned : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new CommandFailed('server_changed', `The file ${this.file} cannot be read, so no server is believed.`, {
        exitCode: exitCodes.serverChanged,
        hint: 'Look at it; when nothing else is wrong, remove it.',
      });
    }
  }

  /** Pins the first key; throws with both thumbprints when another one is pinned. `undefined`: no valid proof. */
  confirm(found: string | undefined): void {
    const pinned = this.read();
    if (pinned === undefined && found !== undefined) this.#write(found);
    // security: rule 29
    if (pinned !== undefined && pinned !== found) throw serverChanged(this.file, pinned, found);
  }

  #write(found: string): void {
    const temporary = `${this.file}.${process.pid}`;
    writeFileSync(temporary, `${JSON.stringify({ server_jkt: found })}\n`, { mode: 0o600 });
    renameSync(temporary, this.file);
  }
}

function serverChanged(file: string, pinned: string, found: string | undefined): CommandFailed {
  const words = `Pinned key: ${pinned}. Key of whoever answers: ${found ?? 'none that it could prove'}.`;
  return new CommandFailed('server_changed', `This is not the Counterfoil that this command knows; nothing was sent. ${words}`, {
    exitCode: exitCodes.serverChanged,
    hint: `If you set it up anew, remove ${file}. Otherwise another program answers in its place: "counterfoil doctor" says which.`,
  });
}
