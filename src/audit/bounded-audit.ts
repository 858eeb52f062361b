import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Audit, AuditEvent, AuditEventName } from './audit.ts';

/** Events that a program can cause as often as it likes, because they change nothing. */
const floodable: ReadonlySet<AuditEventName> = new Set([
  'agent.refused',
  'call.refused',
  'presence.refused',
  'proof.replayed',
  'token.introspected',
  'vault.unlock_failed',
]);

const mostOfOneKind = 20;
const windowMs = 60_000;
const mostKinds = 200;

interface Window {
  written: number;
  left: number;
  last: AuditEvent;
}

/**
 * The audit log with refusals bounded: of one kind (event, agent, resource, operation) twenty are written in a minute, and the rest is
 * told in one entry with their count when the minute is over. Whatever changes something is always written.
 */
export function boundedAudit(audit: Audit, deps: { readonly clock: Clock; readonly log: Log }): Audit {
  const windows = new Map<string, Window>();

  function mayWrite(event: AuditEvent): boolean {
    if (!floodable.has(event.event)) return true;
    const kind = kindOf(event, windows.size >= mostKinds);
    const open = windows.get(kind) ?? begin(kind, event);
    open.last = event;
    if (open.written < mostOfOneKind) {
      open.written += 1;
      return true;
    }
    open.left += 1;
    return false;
  }

  function begin(kind: string, event: AuditEvent): Window {
    const open: Window = { written: 0, left: 0, last: event };
    windows.set(kind, open);
    deps.clock.after(windowMs, () => end(kind, open));
    return open;
  }

  function end(kind: string, { left, last }: Window): void {
    windows.delete(kind);
    if (left === 0) return;
    try {
      audit.record({ ...last, facts: { ...last.facts, more: left } });
    } catch (error) {
      deps.log.warn({ error: String(error), left }, 'refusals could not be told of');
    }
  }

  return {
    commit: (change, events, durability) => audit.commit(change, events, durability),
    record(...events) {
      const written = events.filter(mayWrite);
      if (written.length > 0) audit.record(...written);
    },
    list: (query) => audit.list(query),
    verify: () => audit.verify(),
  };
}

/** With too many kinds at once, all agents of one event count as one. */
function kindOf({ event, agentId = '', resourceId = '', facts }: AuditEvent, coarse: boolean): string {
  return coarse ? event : `${event} ${agentId} ${resourceId} ${String(facts?.['operation'] ?? '')}`;
}
