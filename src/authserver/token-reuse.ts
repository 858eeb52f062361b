import type { Audit } from '../audit/audit.ts';
import type { GrantId } from '../base/ids.ts';
import type { Broker } from '../broker/broker.ts';
import type { Grants } from '../grants/grants.ts';

export interface TokenReuseDeps {
  readonly audit: Audit;
  readonly grants: Grants;
  readonly broker: Broker;
}

/** Writes down that a refresh token came a second time. */
export function recordReuse({ audit, grants }: Pick<TokenReuseDeps, 'audit' | 'grants'>, id: GrantId): void {
  const grant = grants.find(id);
  audit.record({ event: 'token.reuse_detected', grantId: id, outcome: 'denied', ...(grant ? { agentId: grant.agentId } : {}) });
}

/** Ends the grant of a refresh token that came a second time: one of the two that hold it is a thief. @see RFC 9700, 4.14.2 */
export function endForReuse(deps: TokenReuseDeps, id: GrantId): void {
  recordReuse(deps, id);
  deps.broker.revoke(id);
}
