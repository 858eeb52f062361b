import type { Status } from '../../contract/shapes.ts';
import type { ApiDeps } from '../api.ts';
import type { Session } from '../sessions.ts';
import { gapView } from './gap-view.ts';

/** Where everything stands, as one session may know it. */
export function statusView(session: Session, deps: ApiDeps): Status {
  const { vault, agents, approvals, connections, grants } = deps;
  const state = vault.state();
  const missing = vault.missing();
  return {
    vault: state,
    unlockedHere: state === 'unlocked' && session.unlockedAt !== undefined,
    paused: agents.paused(),
    protection: vault.protection,
    issuer: deps.issuer(),
    ...gapView(deps),
    notifications: deps.notifications(),
    settings: approvals.settings(),
    recovery: vault.recovery(),
    ...(missing === undefined ? {} : { missing: { message: missing.message, hint: missing.hint } }),
    counts: {
      pending: approvals.listPending().length,
      grants: grants.list({ live: true }).length,
      agents: agents.list().length,
      connections: connections.list().length,
    },
    version: deps.version,
  };
}
