import type { Agents } from '../../agents/agents.ts';
import { isRefusal } from '../../base/errors.ts';
import { asId, type GrantId } from '../../base/ids.ts';
import type { GapFindingView, GapView } from '../../contract/shapes.ts';
import type { Grants } from '../../grants/grants.ts';
import { type Finding, type Gaps, mayHaveOlderRows } from '../../state-head/state-head.ts';
import { agentNameOf } from './agent-name.ts';

export interface GapViewDeps {
  readonly agents: Agents;
  readonly gaps: Gaps;
  readonly grants: Grants;
}

const shownAtMost = 20;

/** The open question, if there is one. */
export function gapView(deps: GapViewDeps): { readonly gap?: GapView } {
  const gap = deps.gaps.open();
  if (gap === undefined) return {};
  const { foundAt, findings } = gap;
  const shown = findings.slice(0, shownAtMost).map((finding) => findingView(finding, deps));
  return { gap: { foundAt, findings: shown, more: findings.length - shown.length, rows: mayHaveOlderRows(gap) } };
}

function findingView(finding: Finding, deps: GapViewDeps): GapFindingView {
  if ('table' in finding) return { kind: finding.kind, what: whatOf(finding.table, finding.id, deps) };
  return finding.kind === 'log_rewritten' ? { kind: finding.kind } : finding;
}

const words: Readonly<Record<string, string>> = {
  settings: 'a setting',
  approvals: 'a request that was decided',
  receipts: 'a receipt',
  connections: 'a connection',
  resources: 'what a connection reaches',
  local_resources: 'a local server',
  connection_credentials: 'a sign-in',
  upstream_tokens: 'a token that is to be revoked',
  server_payloads: 'a token or a request of an agent',
};

function whatOf(table: string, id: string, { agents, grants }: GapViewDeps): string {
  if (table === 'agents') return `the agent ${agentNameOf(id, agents)}`;
  if (table === 'grants') return grantOf(id, agents, grants);
  return words[table] ?? 'a record';
}

function grantOf(id: string, agents: Agents, grants: Grants): string {
  try {
    const grant = grants.find(asId<GrantId>(id));
    return grant === undefined ? 'a grant' : `a grant of ${agentNameOf(grant.agentId, agents)}`;
  } catch (error) {
    if (isRefusal(error, 'row_tampered')) return 'a grant whose record is damaged';
    throw error;
  }
}
