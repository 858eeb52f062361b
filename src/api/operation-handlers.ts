import type { z } from 'zod';
import { type AgentId, type ApprovalId, asId, type ConnectionId, type GrantId } from '../base/ids.ts';
import { connectionPresets, thisComputer } from '../connections/connections.ts';
import type { OperationName, operations } from '../contract/operations.ts';
import { detailTypeOf, knownDetailTypes } from '../details/details.ts';
import { suggestPassphrase } from '../vault/vault.ts';
import type { CallContext } from './answer-call.ts';
import { answerGap } from './answer-gap.ts';
import type { ApiDeps } from './api.ts';
import type { DemoRun } from './demo-run.ts';
import { resourceHandlers } from './resource-handlers.ts';
import type { Sessions } from './sessions.ts';
import { vaultHandlers } from './vault-handlers.ts';
import { agentView } from './views/agent-view.ts';
import { approvalSummary } from './views/approval-summary.ts';
import { auditEntryView } from './views/audit-entry-view.ts';
import { connectionView } from './views/connection-view.ts';
import { grantViews } from './views/grant-view.ts';
import { localResourceView } from './views/local-resource-view.ts';
import { statusView } from './views/status-view.ts';

type Parsed<Name extends OperationName> = z.output<(typeof operations)[Name]['input']>;
type Answer<Name extends OperationName> = Immutable<z.input<(typeof operations)[Name]['output']>>;
type Immutable<Value> = Value extends object ? { readonly [Key in keyof Value]: Immutable<Value[Key]> } : Value;

/** What each operation does. Session, shape and presence were checked before; the answer's shape is checked after. */
export type Handlers = {
  readonly [Name in OperationName]: (input: Parsed<Name>, context: CallContext) => Answer<Name> | Promise<Answer<Name>>;
};

export interface HandlerDeps extends ApiDeps {
  readonly sessions: Sessions;
  readonly demoRun: DemoRun;
}

const recentCount = 50;

/** The table of what each operation does. */
export function operationHandlers(deps: HandlerDeps): Handlers {
  return {
    'status.get': (_input, { session }) => statusView(session, deps),
    'server.prove': ({ challenge }) => ({ proof: deps.proveServer(challenge) }),
    'passphrase.suggest': () => suggestPassphrase(),
    'presence.begin': (_input, { session }) => deps.sessions.issueNonce(session),
    ...vaultHandlers(deps),
    ...approvalHandlers(deps),
    ...grantHandlers(deps),
    'gap.answer': ({ keepGrantIds }) => answerGap(new Set(keepGrantIds), deps),
    ...agentHandlers(deps),
    ...connectionHandlers(deps),
    ...resourceHandlers(deps),
    ...auditHandlers(deps),
    'settings.change': (input) => {
      const { approveLowRiskOnNotification, acceptUnknownTypes } = input;
      deps.approvals.changeSettings({
        ...(approveLowRiskOnNotification !== undefined && { approveLowRiskOnNotification }),
        ...(acceptUnknownTypes !== undefined && { acceptUnknownTypes }),
      });
      return {};
    },
    'demo.start': () => deps.demoRun.start(),
    'demo.state': () => deps.demoRun.state(),
  };
}

type HandlersOf<Prefix extends string> = Pick<Handlers, Extract<OperationName, `${Prefix}.${string}`>>;

function approvalHandlers(deps: HandlerDeps): HandlersOf<'approvals'> {
  const { approvals, clock } = deps;
  return {
    'approvals.list': () => ({
      pending: approvals.listPending().map((approval) => approvalSummary(approval, deps)),
      recent: approvals.listRecent(recentCount).map((approval) => approvalSummary(approval, deps)),
    }),
    'approvals.card': ({ id }, { session }) =>
      approvals.card(asId<ApprovalId>(id), session.kind === 'socket' ? 'program' : 'person'),
    'approvals.preview': ({ id, narrowing }) => approvals.preview(asId<ApprovalId>(id), narrowing),
    'approvals.approve': ({ id, agentName, ...decision }, { session, present }) => {
      const { grantId } = approvals.approve({
        ...decision,
        approvalId: asId<ApprovalId>(id),
        ...(agentName === undefined ? {} : { agentName }),
        presence: present ? { kind: 'passphrase', at: clock.now() } : { kind: 'session', at: session.unlockedAt ?? 0 },
      });
      return { grantId: grantId ?? '' };
    },
    'approvals.deny': ({ id, reason }) => {
      approvals.deny(asId<ApprovalId>(id), reason);
      return {};
    },
  };
}

function grantHandlers(deps: HandlerDeps): HandlersOf<'grants'> {
  const { broker, grants } = deps;
  return {
    'grants.list': () => ({ grants: grantViews(grants.list(), deps) }),
    'grants.revoke': ({ ids }) => {
      const open = ids
        .map((id) => grants.find(asId<GrantId>(id)))
        .filter((grant) => grant !== undefined && grant.endedAt === undefined);
      for (const grant of open) if (grant) broker.revoke(grant.id);
      return { ended: open.length };
    },
    'grants.revokeAll': () => ({ ended: broker.revokeAll({}).length }),
  };
}

function agentHandlers(deps: HandlerDeps): HandlersOf<'agents'> {
  const { agents, broker } = deps;
  return {
    'agents.list': () => ({ agents: agents.list().map((agent) => agentView(agent, deps)) }),
    'agents.suspend': ({ id }) => {
      agents.suspend(asId<AgentId>(id));
      return {};
    },
    'agents.resume': ({ id }) => {
      agents.resume(asId<AgentId>(id));
      return {};
    },
    'agents.remove': ({ id }) => {
      broker.revokeAll({ agentId: id });
      agents.remove(asId<AgentId>(id));
      return {};
    },
    'agents.pauseAll': () => {
      agents.pauseAll();
      return {};
    },
    'agents.resumeAll': () => {
      agents.resumeAll();
      return {};
    },
  };
}

function connectionHandlers(deps: HandlerDeps): HandlersOf<'connections'> {
  const { broker, connections } = deps;
  return {
    'connections.list': () => {
      const added = connections.list();
      return {
        connections: added.map((connection) => connectionView(connection, deps)),
        local: connections.resources(thisComputer).map(localResourceView),
        detailTypes: knownDetailTypes().map((type) => ({ type, title: detailTypeOf({ type }).title })),
        presets: connectionPresets.map(({ id, name, issuer }) => ({
          id,
          name,
          issuer,
          added: added.some((connection) => connection.presetId === id),
        })),
      };
    },
    'connections.add': ({ presetId }) => ({ id: connections.add(presetId).id }),
    'connections.signIn': ({ id }) => connections.beginSignIn(asId<ConnectionId>(id)),
    'connections.signOut': async ({ id }) => {
      const connectionId = asId<ConnectionId>(id);
      connections.get(connectionId);
      broker.revokeAll({ connectionId });
      await connections.signOut(connectionId);
      return {};
    },
  };
}

function auditHandlers(deps: HandlerDeps): HandlersOf<'audit'> {
  const { audit } = deps;
  return {
    'audit.list': ({ before, limit = 50, search }) => {
      const query = { ...(before === undefined ? {} : { before }), ...(search === undefined ? {} : { search }) };
      const entries = audit.list({ ...query, limit });
      const last = entries.at(-1);
      const more =
        entries.length === limit && last !== undefined && audit.list({ ...query, before: last.seq, limit: 1 }).length > 0;
      return { entries: entries.map((entry) => auditEntryView(entry, deps)), more };
    },
    'audit.verify': () => {
      const { intact, count, head, brokenAt } = audit.verify();
      audit.record({ event: 'audit.verified', outcome: intact ? 'ok' : 'error', facts: { count } });
      return { intact, count, head, ...(brokenAt === undefined ? {} : { brokenAt }) };
    },
  };
}
