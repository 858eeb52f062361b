import type { Agents } from '../../agents/agents.ts';
import type { AuditEntry, AuditEventName } from '../../audit/audit.ts';
import type { AuditEntryView } from '../../contract/shapes.ts';
import { agentNameOf } from './agent-name.ts';

const words: Readonly<Record<AuditEventName, string>> = {
  'vault.created': 'The vault was made',
  'vault.unlocked': 'Unlocked',
  'vault.unlock_failed': 'An unlock was refused',
  'vault.locked': 'Locked',
  'agent.registered': 'A new agent registered',
  'agent.accepted': 'You accepted an agent',
  'agent.suspended': 'You suspended an agent',
  'agent.resumed': 'You resumed an agent',
  'agent.removed': 'An agent was removed',
  'agents.paused': 'You paused all agents',
  'agents.resumed': 'You resumed all agents',
  'approval.requested': 'A request came in',
  'approval.shown': 'The request was shown',
  'approval.granted': 'You approved a request',
  'approval.denied': 'You denied a request',
  'approval.expired': 'A request expired without an answer',
  'approval.cancelled': 'A request was withdrawn',
  'grant.created': 'A grant began',
  'grant.expired': 'A grant came to its end',
  'grant.used_up': 'A grant was used up',
  'grant.revoked': 'You ended a grant',
  'token.issued': 'A token was issued to the agent',
  'token.refreshed': 'A token was renewed',
  'token.revoked': 'A token was revoked',
  'token.reuse_detected': 'An old refresh token was used again',
  'proof.replayed': 'A proof was sent twice and refused',
  'call.forwarded': 'A call was sent on',
  'call.answered': 'A call was answered',
  'call.refused': 'A call was refused',
  'connection.added': 'A connection was added',
  'connection.signed_in': 'You signed in at a provider',
  'connection.refreshed': 'The sign-in at a provider was renewed',
  'connection.signed_out': 'Signed out at a provider',
  'connection.removed': 'A connection was removed',
  'upstream.exchanged': 'The provider issued a token for a grant',
  'upstream.revoked': 'The provider confirmed the end of a token',
  'upstream.revoke_failed': 'The provider did not confirm the end of a token yet',
  'upstream.refused': 'The provider refused',
  'broker_key.created': 'A key was made for an agent',
  'broker_key.destroyed': 'The key of an agent was destroyed',
  'settings.changed': 'Settings were changed',
  'presence.refused': 'A confirmation was refused',
  'state.gap_found': 'Data was put back or changed from outside; every grant stands still',
  'state.gap_answered': 'You answered what shall go on after data was put back',
  'row.tampered': 'A record was found changed from outside',
  'audit.verified': 'This log was verified',
};

/** One row of the audit page. */
export function auditEntryView(entry: AuditEntry, { agents }: { readonly agents: Agents }): AuditEntryView {
  return {
    seq: entry.seq,
    ts: entry.ts,
    event: entry.event,
    summary: words[entry.event],
    ...(entry.agentId === undefined ? {} : { agentName: agentNameOf(entry.agentId, agents) }),
    ...(entry.grantId === undefined ? {} : { grantId: entry.grantId }),
    ...(entry.outcome === undefined ? {} : { outcome: entry.outcome }),
    ...(entry.reason === undefined ? {} : { reason: entry.reason }),
    hash: entry.hash,
    json: JSON.stringify(entry, undefined, 2),
  };
}
