/**
 * A request before it is signed and sent, so that a case can spoil exactly one thing in it:
 *
 *     refuse('RFC 9449, 4.3, 8', 'htm in lower case', refresh, proofClaims({ htm: 'post' }), '400 invalid_dpop_proof');
 *
 * Changes are values that can be put together with {@link all}.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { SigningKey } from '../support/stock-agent.ts';
import { assertionParameters, signJwt } from '../support/stock-agent.ts';

type Members = Readonly<Record<string, unknown>>;

/** A JWT before it is signed. A member that is `undefined` is left out. */
export interface Jwt {
  readonly header: Members;
  readonly claims: Members;
  readonly key: SigningKey;
  /** What becomes of the signed text. */
  readonly spell?: (text: string) => string;
}

export interface Draft {
  readonly method: string;
  readonly path: string;
  /** The form. `undefined` sends none of that name; a list sends it as often. */
  readonly params?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Instead of a form. */
  readonly json?: Members;
  /** Instead of either, as it is. */
  readonly body?: string;
  readonly contentType?: string | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly assertion?: Jwt | undefined;
  readonly proof?: Jwt | undefined;
}

export type Change = (draft: Draft) => Draft;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Members;
}

/** `400 invalid_request`, `200 ok`, `200 inactive`. */
export function outcomeOf({ status, body }: Answer): string {
  if (typeof body['error'] === 'string') return `${status} ${body['error']}`;
  if (body['active'] === false) return `${status} inactive`;
  return `${status} ${status < 300 ? 'ok' : 'without an error'}`;
}

export const all =
  (...changes: readonly Change[]): Change =>
  (draft) =>
    changes.reduce((changed, change) => change(changed), draft);

export const params =
  (more: NonNullable<Draft['params']>): Change =>
  (draft) => ({ ...draft, params: { ...draft.params, ...more } });

/** Sends a parameter a second time, with the same value. */
export const twice =
  (name: string): Change =>
  (draft) => {
    const value = draft.params?.[name] ?? 'x';
    return params({ [name]: [value, value].flat() })(draft);
  };

export const json =
  (more: Members): Change =>
  (draft) => ({ ...draft, json: { ...draft.json, ...more } });

export const body =
  (text: string, contentType?: string): Change =>
  (draft) => ({ ...draft, body: text, ...(contentType === undefined ? {} : { contentType }) });

export const mediaType =
  (contentType: string | undefined): Change =>
  (draft) => ({ ...draft, contentType });

export const method =
  (name: string): Change =>
  (draft) => ({ ...draft, method: name });

export const path =
  (change: string | ((path: string) => string)): Change =>
  (draft) => ({ ...draft, path: typeof change === 'string' ? change : change(draft.path) });

/** Replaces headers of these names; `undefined` sends none. */
export const headers =
  (more: Readonly<Record<string, string | undefined>>): Change =>
  (draft) => ({
    ...draft,
    headers: [
      ...draft.headers.filter(([name]) => !Object.keys(more).includes(name)),
      ...Object.entries(more).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    ],
  });

/** Adds one more header, also of a name that is there. */
export const anotherHeader =
  (name: string, value: string): Change =>
  (draft) => ({ ...draft, headers: [...draft.headers, [name, value]] });

type Which = 'assertion' | 'proof';

const jwt =
  (which: Which, change: (jwt: Jwt) => Jwt): Change =>
  (draft) => {
    const was = draft[which];
    if (was === undefined) throw new Error(`this request has no ${which}`);
    return { ...draft, [which]: change(was) };
  };

const claimsOf = (which: Which) => (more: Members) => jwt(which, (was) => ({ ...was, claims: { ...was.claims, ...more } }));
const headerOf = (which: Which) => (more: Members) => jwt(which, (was) => ({ ...was, header: { ...was.header, ...more } }));
const spelled = (which: Which) => (spell: (text: string) => string) => jwt(which, (was) => ({ ...was, spell }));

export const assertionClaims = claimsOf('assertion');
export const assertionHeader = headerOf('assertion');
export const assertionSpelled = spelled('assertion');
export const assertionBy = (key: SigningKey): Change => jwt('assertion', (was) => ({ ...was, key }));
export const noAssertion: Change = (draft) => ({ ...draft, assertion: undefined });
export const proofClaims = claimsOf('proof');
export const proofHeader = headerOf('proof');
export const proofSpelled = spelled('proof');
export const proofBy = (key: SigningKey): Change =>
  jwt('proof', (was) => ({ ...was, key, header: { ...was.header, jwk: key.jwk } }));
export const noProof: Change = (draft) => ({ ...draft, proof: undefined });

/** Signs, or does as the header says where it says `none` or HMAC. */
export function textOf({ header, claims, key, spell = (text) => text }: Jwt): string {
  const alg = String(header['alg']);
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  if (alg.toLowerCase() === 'none') return spell(`${input}.`);
  if (alg.startsWith('HS')) {
    const mac = createHmac(`sha${alg.slice(2)}`, JSON.stringify(key.jwk))
      .update(input)
      .digest('base64url');
    return spell(`${input}.${mac}`);
  }
  return spell(signJwt(key, header, claims));
}

export function newAssertion(of: { readonly id: string; readonly key: SigningKey }, audience: string): Jwt {
  const now = Math.floor(Date.now() / 1000);
  return {
    header: { alg: 'ES256' },
    claims: { iss: of.id, sub: of.id, aud: audience, jti: randomUUID(), iat: now, exp: now + 60 },
    key: of.key,
  };
}

export function newProof(key: SigningKey, claims: Members): Jwt {
  const iat = Math.floor(Date.now() / 1000);
  return {
    header: { alg: 'ES256', typ: 'dpop+jwt', jwk: key.jwk },
    claims: { jti: randomUUID(), iat, ...claims },
    key,
  };
}

/** Sends it byte for byte as it stands, over a connection of its own. */
export function send(issuer: string, draft: Draft): Promise<Answer> {
  const { hostname, port, host } = new URL(issuer);
  const text = bodyOf(draft);
  const contentType = 'contentType' in draft ? draft.contentType : defaultTypeOf(draft);
  const named = (name: string): boolean => draft.headers.some(([one]) => one.toLowerCase() === name);
  const lines = [
    ...(named('host') ? [] : ['Host', host]),
    ...draft.headers.flat(),
    ...(draft.proof === undefined ? [] : ['DPoP', textOf(draft.proof)]),
    ...(contentType === undefined ? [] : ['Content-Type', contentType]),
    ...(text === undefined || named('transfer-encoding') ? [] : ['Content-Length', String(Buffer.byteLength(text))]),
    'Connection',
    'close',
  ];
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      { hostname, port, method: draft.method, path: draft.path, headers: lines, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string>,
            body: parsed(Buffer.concat(chunks).toString()),
          }),
        );
      },
    );
    call.on('error', reject);
    call.end(text);
  });
}

function bodyOf({ body: raw, json: object, params: form, assertion }: Draft): string | undefined {
  if (raw !== undefined) return raw;
  if (object !== undefined) return JSON.stringify(object);
  if (form === undefined) return undefined;
  const whole = { ...(assertion === undefined ? {} : assertionParameters(textOf(assertion))), ...form };
  const pairs = Object.entries(whole).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : (value ?? [])).map((one) => [name, one]),
  );
  return new URLSearchParams(pairs).toString();
}

function defaultTypeOf({ json: object, params: form }: Draft): string | undefined {
  if (object !== undefined) return 'application/json';
  return form === undefined ? undefined : 'application/x-www-form-urlencoded';
}

function parsed(text: string): Members {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Members) : {};
  } catch {
    return {};
  }
}
