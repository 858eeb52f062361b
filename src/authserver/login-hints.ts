import { verify } from 'node:crypto';
import { errors } from 'oidc-provider';
import { parsePublicJwk } from '../base/public-key.ts';
import type { SentParameters } from './asked-of.ts';
import { parseCompactJwt, parseJsonSegment } from './compact-jwt.ts';

export interface HintDeps {
  readonly issuer: string;
  /** The one account there is. */
  readonly subject: string;
  /** Signs ID tokens. */
  readonly serverPublicJwk: Readonly<Record<string, string>>;
}

const hintNames = ['login_hint', 'login_hint_token', 'id_token_hint'] as const;

/**
 * Refuses `invalid_request` unless there is exactly one hint, and `unknown_user_id` when it means anybody but the person here. All of
 * the latter are answered alike: `me` or the `sub` of our ID tokens, the same as JSON with our issuer (as Auth0's clients send it), or
 * one of our ID tokens for this agent, which may have expired. @see CIBA Core 1.0, section 7.1
 */
export function checkHints(params: SentParameters, clientId: string, deps: HintDeps): void {
  const [name, ...others] = hintNames.filter((one) => params[one] !== undefined && params[one] !== '');
  if (name === undefined || others.length > 0) throw new errors.InvalidRequest(`exactly one of ${hintNames.join(', ')} is needed`);
  const hint = params[name];
  if (typeof hint === 'string') {
    if (name === 'login_hint' && isPerson(hint, deps)) return;
    if (name === 'id_token_hint' && isOurIdToken(hint, clientId, deps)) return;
  }
  throw new errors.UnknownUserId('only login_hint=me is known here');
}

function isPerson(hint: string, deps: HintDeps): boolean {
  return isName(hint, deps) || isIssuerAndSubject(hint, deps);
}

function isName(name: unknown, { subject }: HintDeps): boolean {
  return name === 'me' || name === subject;
}

/** A subject identifier of the format `iss_sub` (RFC 9493, 3.2.3). Auth0's clients write `https` and a slash, whatever the issuer. */
function isIssuerAndSubject(hint: string, deps: HintDeps): boolean {
  let parsed: unknown;
  try {
    parsed = JSON.parse(hint);
  } catch {
    return false;
  }
  if (typeof parsed !== 'object' || parsed === null) return false;
  const { format, iss, sub, ...others } = parsed as Readonly<Record<string, unknown>>;
  if (format !== 'iss_sub' || typeof iss !== 'string' || Object.keys(others).length > 0) return false;
  const ours = [deps.issuer, deps.issuer.replace('http:', 'https:')];
  return ours.includes(iss.replace(/\/$/, '')) && isName(sub, deps);
}

function isOurIdToken(text: string, clientId: string, { issuer, subject, serverPublicJwk }: HintDeps): boolean {
  const jwt = parseCompactJwt(text);
  const key = parsePublicJwk(serverPublicJwk);
  if (jwt === undefined || key === undefined || parseJsonSegment(jwt.headerText)?.['alg'] !== 'ES256') return false;
  const { iss, sub, aud } = jwt.payload;
  // security: what has the same key but another purpose names no agent as its audience
  if (iss !== issuer || sub !== subject || aud !== clientId) return false;
  return verify('sha256', Buffer.from(jwt.signed, 'latin1'), { key: key.key, dsaEncoding: 'ieee-p1363' }, jwt.signature);
}
