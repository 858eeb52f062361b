/** DPoP proofs and every other way to spell or sign the same one: what a thief, or the holder of the key, could send again. */
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';

export interface ProofKey {
  readonly algorithm: 'ES256' | 'EdDSA';
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

export type Claims = Readonly<Record<string, unknown>>;

export function newProofKey(algorithm: ProofKey['algorithm']): ProofKey {
  const { publicKey, privateKey } =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return { algorithm, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }) } };
}

export function signProof(key: ProofKey, claims: Claims, header: Claims = {}): string {
  return signText(key, JSON.stringify({ typ: 'dpop+jwt', alg: key.algorithm, jwk: key.jwk, ...header }), JSON.stringify(claims));
}

function signText({ algorithm, privateKey }: ProofKey, header: string, payload: string): string {
  const text = `${base64url(header)}.${base64url(payload)}`;
  const signature = sign(algorithm === 'ES256' ? 'sha256' : null, Buffer.from(text), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${text}.${signature.toString('base64url')}`;
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** Order of P-256. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

interface Spelling {
  readonly name: string;
  /** `again` is the proof as it was sent. */
  readonly spell: (again: string, of: { readonly key: ProofKey; readonly claims: Claims; readonly nonce: string }) => string;
}

const reversed = (claims: Claims): Claims => Object.fromEntries(Object.entries(claims).reverse());
const withSegment = (text: string, index: number, change: (segment: string) => string): string =>
  text
    .split('.')
    .map((segment, at) => (at === index ? change(segment) : segment))
    .join('.');

/** All but the last four need no key. */
export const spellings: readonly Spelling[] = [
  { name: 'the same text', spell: (again) => again },
  { name: 'padding after the header', spell: (again) => withSegment(again, 0, (segment) => `${segment}=`) },
  { name: 'padding after the payload', spell: (again) => withSegment(again, 1, (segment) => `${segment}==`) },
  { name: 'padding after the signature', spell: (again) => `${again}==` },
  { name: 'loose last bits of the signature', spell: looseBits },
  {
    name: 'the other alphabet',
    spell: (again) =>
      withSegment(again, 2, (segment) =>
        segment
          .replaceAll('-', '+')
          .replaceAll('_', '/')
          .replace(/^[^+/]/, '+'),
      ),
  },
  { name: 'a space before', spell: (again) => ` ${again}` },
  { name: 'a line end after', spell: (again) => `${again}\r\n` },
  { name: 'a space inside', spell: (again) => again.replace('.', ' .') },
  { name: 'a zero byte after', spell: (again) => `${again}\u0000` },
  { name: 's as n minus s', spell: (again) => withSegment(again, 2, malleated) },
  { name: 'the signature as DER', spell: (again) => withSegment(again, 2, asDer) },
  { name: 'an empty fourth segment', spell: (again) => `${again}.` },
  { name: 'twice, with a comma', spell: (again) => `${again},${again}` },
  { name: 'signed again', spell: (_again, { key, claims }) => signProof(key, claims) },
  { name: 'members of the payload in another order', spell: (_again, { key, claims }) => signProof(key, reversed(claims)) },
  {
    name: 'white space in the payload',
    spell: (_again, { key, claims }) => signText(key, headerOf(key), ` ${JSON.stringify(claims, null, 2)}\n`),
  },
  {
    name: 'jti in escapes',
    spell: (_again, { key, claims }) =>
      signText(key, headerOf(key), JSON.stringify(claims).replace(String(claims['jti']), escaped)),
  },
  {
    name: 'jti twice',
    spell: (_again, { key, claims }) => signText(key, headerOf(key), `{"jti":"other",${JSON.stringify(claims).slice(1)}`),
  },
  { name: 'one more claim', spell: (_again, { key, claims }) => signProof(key, { ...claims, more: randomUUID() }) },
  { name: 'another iat', spell: (_again, { key, claims }) => signProof(key, { ...claims, iat: Number(claims['iat']) + 1 }) },
  { name: 'the newest nonce', spell: (_again, { key, claims, nonce }) => signProof(key, { ...claims, nonce }) },
  {
    name: 'members of the header in another order',
    spell: (_again, { key, claims }) =>
      signText(key, JSON.stringify(reversed(JSON.parse(headerOf(key)) as Claims)), JSON.stringify(claims)),
  },
  { name: 'one more header', spell: (_again, { key, claims }) => signProof(key, claims, { kid: randomUUID() }) },
  {
    name: 'more members in jwk',
    spell: (_again, { key, claims }) => signProof(key, claims, { jwk: { ...key.jwk, use: 'sig', kid: randomUUID() } }),
  },
  {
    name: 'members of jwk in another order',
    spell: (_again, { key, claims }) => signProof(key, claims, { jwk: reversed(key.jwk) }),
  },
  { name: 'typ in capitals', spell: (_again, { key, claims }) => signProof(key, claims, { typ: 'DPoP+JWT' }) },
  { name: 'typ with its prefix', spell: (_again, { key, claims }) => signProof(key, claims, { typ: 'application/dpop+jwt' }) },
  {
    name: 'the other name of the algorithm',
    spell: (_again, { key, claims }) => signProof(key, claims, { alg: key.algorithm === 'EdDSA' ? 'Ed25519' : 'es256' }),
  },
];

const headerOf = (key: ProofKey): string => JSON.stringify({ typ: 'dpop+jwt', alg: key.algorithm, jwk: key.jwk });
const escaped = (text: string): string => text.replace(/[a-z0-9]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);

/** The last character of 64 bytes has four bits that say nothing. */
function looseBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(text.slice(-1));
  return `${text.slice(0, -1)}${alphabet[last + 1] ?? alphabet[0]}`;
}

function malleated(segment: string): string {
  const bytes = Buffer.from(segment, 'base64url');
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = (((order - s) % order) + order) % order;
  return Buffer.concat([bytes.subarray(0, 32), Buffer.from(other.toString(16).padStart(64, '0'), 'hex')]).toString('base64url');
}

function asDer(segment: string): string {
  const bytes = Buffer.from(segment, 'base64url');
  const integer = (part: Buffer): Buffer => Buffer.concat([Buffer.from([2, 33, 0]), part]);
  return Buffer.concat([Buffer.from([48, 70]), integer(bytes.subarray(0, 32)), integer(bytes.subarray(32))]).toString('base64url');
}
