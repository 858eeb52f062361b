import type { KoaContextWithOIDC } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Repeat } from '../approvals/approvals.ts';
import type { AgentId } from '../base/ids.ts';
import { hashOf } from '../base/ids.ts';
import { canonicalJson } from '../details/details.ts';
import type { SignedRequest } from './signed-request.ts';

/** Printable, and no list: quoted or not, as clients of both drafts of the header send it. */
const keyHeader = /^(?:"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,255}))$/;
/** What is different each time. */
const ofEachTime = new Set(['client_assertion', 'client_assertion_type']);

/**
 * What a repetition of this request would be known by: `jti` of a signed request, or the header `Idempotency-Key`; `undefined` without
 * either, because an agent may well want the same thing twice. Refuses `invalid_request` for a header that is no key.
 *
 * @param thumbprint Of the DPoP key that came with it.
 */
export function repeatOf(
  { agentId, signed }: { readonly agentId: AgentId; readonly signed?: SignedRequest },
  ctx: KoaContextWithOIDC,
  thumbprint: string | undefined,
): Repeat | undefined {
  const key = thumbprint ?? '';
  if (signed !== undefined) return { key: signedRepeatKey(agentId, signed.jti), content: hashOf(`${signed.text} ${key}`) };
  const headers = ctx.req.headersDistinct['idempotency-key'];
  if (headers === undefined) return undefined;
  const match = headers.length === 1 ? keyHeader.exec(headers[0] ?? '') : null;
  if (match === null) throw new errors.InvalidRequest('Idempotency-Key must be one short text');
  const sent = Object.entries(ctx.oidc.body ?? {}).filter(([name]) => !ofEachTime.has(name));
  return {
    key: hashOf(canonicalJson({ agent: agentId, header: match[1] ?? match[2] ?? '' })),
    content: hashOf(canonicalJson({ sent: Object.fromEntries(sent) as Record<string, string>, key })),
  };
}

export function signedRepeatKey(agentId: AgentId, jti: string): string {
  return hashOf(canonicalJson({ agent: agentId, jti }));
}
