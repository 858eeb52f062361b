import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AuditEvent } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { GrantId } from '../base/ids.ts';
import { asId, hashOf } from '../base/ids.ts';
import type { Grants } from '../grants/grants.ts';
import type { Payloads } from './payloads.ts';

/** Seconds. Nobody can stop a signed token before it ends, so it ends soon. */
export const longestSignedToken = 60;

/** What the library is about to sign. */
interface UnsignedToken {
  readonly payload: Readonly<Record<string, unknown>>;
}

interface SignedTokensDeps {
  readonly payloads: Payloads;
  readonly grants: Grants;
  readonly changes: Changes;
}

/** {@link Payloads.together}, with what signed tokens change in their grants as part of the same commit. */
export async function issueTogether(deps: SignedTokensDeps, task: () => Promise<void>): Promise<void> {
  const noted = new Set<GrantId>();
  await deps.payloads.together(task, ({ grantId, expiresAt }) => {
    const id = asId<GrantId>(grantId);
    noted.add(id);
    return deps.grants.signedTokenStep(id, expiresAt);
  });
  for (const id of noted) deps.changes.publish({ topic: 'grants', id });
}

/** The grant that a token of the library names. */
export function grantIdOf(token: object): string {
  return 'grantId' in token && typeof token.grantId === 'string' ? token.grantId : '';
}

/**
 * The configuration's customizer of JWTs (RFC 9068): notes each before it is signed. It has no row, so its event, and what it means for
 * its grant, are committed with the rest of the answer; an answer that is not committed is not sent.
 */
export function signedTokenNoter(payloads: Payloads) {
  return async (_ctx: KoaContextWithOIDC, token: object, { payload }: UnsignedToken): Promise<void> => {
    const { jti, exp, client_id: agentId } = payload;
    if (typeof jti !== 'string' || typeof exp !== 'number' || typeof agentId !== 'string')
      throw new Error('a signed token has jti, exp and client_id');
    const grantId = grantIdOf(token);
    const isRefreshed = 'gty' in token && String(token.gty).endsWith('refresh_token');
    const event: AuditEvent = {
      event: isRefreshed ? 'token.refreshed' : 'token.issued',
      agentId,
      grantId,
      outcome: 'ok',
      hashes: { jti: hashOf(jti) },
      facts: { kind: 'access', format: 'jwt', expiresAt: exp * 1000 },
    };
    payloads.noteSigned({ grantId, expiresAt: exp * 1000, event });
  };
}
