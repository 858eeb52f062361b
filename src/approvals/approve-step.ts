import type { Agent, Step } from '../agents/agents.ts';
import { Refusal } from '../base/errors.ts';
import { type GrantId, newId, type ReceiptId } from '../base/ids.ts';
import { coversDetails } from '../details/details.ts';
import type { GuardedRow, GuardedTable } from '../vault/vault.ts';
import type { Approval, ApprovalsDeps, Decision, Narrowing, PresenceEvidence, Receipt } from './approvals.ts';
import { keptEvidence } from './kept-evidence.ts';
import { endOf, lifetimes } from './lifetimes.ts';
import { allowProgram } from './program-question.ts';
import { sentenceOf } from './sentence.ts';

export interface ApproveContext {
  readonly deps: ApprovalsDeps;
  readonly approvals: GuardedTable<Approval>;
  readonly receipts: GuardedTable<Receipt>;
}

/** What an approval changes, all of it in one step: the answer, the grant, the receipt and, for a new agent, the agent. */
export function approveStep(
  row: GuardedRow<Approval>,
  answer: { readonly decision: Decision; readonly narrowing: Narrowing; readonly agent: Agent },
  context: ApproveContext,
): Step & { readonly approved: Approval } {
  const { decision, narrowing, agent } = answer;
  const { deps } = context;
  const now = deps.clock.now();
  if (row.value.forGrant !== undefined) {
    deps.grants.getLive(row.value.forGrant);
    const until = endOf(narrowing.lifetime, now);
    const approved = allowProgram(row, { grantedDigest: decision.grantedDigest, until, now });
    return { approved, change: [context.approvals.update(row, approved)], events: [grantedEvent(approved, decision.presence)] };
  }
  const approved: Approval = {
    ...row.value,
    state: 'approved',
    decidedAt: now,
    grantedDigest: decision.grantedDigest,
    grantId: newId<GrantId>('grant'),
    receiptId: newId<ReceiptId>('receipt'),
  };
  const granted = deps.grants.createStep(grantOf(approved, narrowing, deps));
  const accepted = acceptance(agent, decision, deps);
  const receipt = receiptOf(approved, { presence: decision.presence, decidedAt: now, granted: narrowing });
  return {
    approved,
    change: [
      ...accepted.change,
      context.approvals.update(row, approved),
      ...granted.change,
      context.receipts.insert(receipt.id, receipt),
    ],
    events: [...accepted.events, grantedEvent(approved, decision.presence), ...granted.events],
  };
}

function acceptance(agent: Agent, decision: Decision, deps: ApprovalsDeps): Step {
  if (agent.state !== 'pending') return { change: [], events: [] };
  if (decision.agentName === undefined) {
    throw new Refusal('invalid_input', 'A new agent needs a name from you.', { hint: 'Choose a name you will recognise it by.' });
  }
  return deps.agents.acceptStep(agent.id, decision.agentName);
}

function grantOf(
  approved: Approval,
  narrowing: Narrowing,
  deps: ApprovalsDeps,
): Parameters<ApprovalsDeps['grants']['createStep']>[0] {
  const resource = deps.connections.findResource(approved.resourceId);
  if (!resource) throw new Refusal('resource_unknown', 'The resource of this request is no longer connected.');
  if (approved.grantId === undefined || approved.receiptId === undefined)
    throw new Error('an approved request has a grant and a receipt');
  const uses = lifetimes[narrowing.lifetime].uses;
  const jkt = approved.pinnedJkt ?? approved.requestedJkt;
  return {
    id: approved.grantId,
    agentId: approved.agentId,
    connectionId: resource.connectionId,
    resourceId: approved.resourceId,
    approvalId: approved.id,
    receiptId: approved.receiptId,
    details: narrowing.details,
    scopes: narrowing.scopes,
    risk: approved.risk,
    sentence: sentenceOf(narrowing.details),
    ...(jkt === undefined ? {} : { agentJkt: jkt }),
    expiresAt: endOf(narrowing.lifetime, deps.clock.now()),
    ...(uses === undefined ? {} : { usesAllowed: uses }),
    evidence: keptEvidence(approved.evidence),
  };
}

interface Answer {
  readonly presence: PresenceEvidence;
  readonly decidedAt: number;
  readonly granted: Narrowing;
}

function receiptOf(approved: Approval, { presence, decidedAt, granted }: Answer): Receipt {
  const { receiptId, grantId, grantedDigest } = approved;
  if (receiptId === undefined || grantId === undefined || grantedDigest === undefined)
    throw new Error('an approved request has a grant');
  // security: rule 24, a receipt never says more than was asked, whoever wrote the answer
  if (!coversDetails(granted.details, approved.details)) throw new Error('what is granted is not within what was asked');
  const jkt = approved.pinnedJkt ?? approved.requestedJkt;
  return {
    id: receiptId,
    approvalId: approved.id,
    grantId,
    agentId: approved.agentId,
    askedDigest: approved.askedDigest,
    grantedDigest,
    ...(jkt === undefined ? {} : { agentJkt: jkt }),
    presence,
    decidedAt,
    asked: approved.details,
    details: granted.details,
    scopes: granted.scopes,
  };
}

function grantedEvent(approved: Approval, presence: PresenceEvidence): Step['events'][number] {
  return {
    event: 'approval.granted',
    agentId: approved.agentId,
    approvalId: approved.id,
    resourceId: approved.resourceId,
    ...(approved.grantId === undefined ? {} : { grantId: approved.grantId }),
    approver: 'user',
    outcome: 'ok',
    hashes: { asked: approved.askedDigest, granted: approved.grantedDigest ?? '' },
    facts: {
      presence: presence.kind === 'none' ? 'none (notification)' : presence.kind,
      ...(approved.forGrant === undefined ? {} : { question: 'another program' }),
    },
  };
}
