import { randomBytes } from 'node:crypto';
import { Refusal } from '../base/errors.ts';
import { type ApprovalId, hashOf, newId } from '../base/ids.ts';
import type { Grant } from '../grants/grants.ts';
import type { ProcessEvidence } from '../platform/process-identity.ts';
import type { GuardedRow, GuardedTable } from '../vault/vault.ts';
import type { Approval, ApprovalsDeps } from './approvals.ts';
import type { Assessment } from './assess-request.ts';
import { askedDigest } from './digests.ts';
import { isKept, isSameProgram, keptEvidence } from './kept-evidence.ts';

export interface ProgramQuestionDeps extends ApprovalsDeps {
  readonly table: GuardedTable<Approval>;
  /** How risky the question is; a new program is never low risk. */
  readonly assess: (approval: Approval) => Assessment;
  /** Writes a question and tells of it. */
  readonly put: (approval: Approval) => void;
  /** Those that still wait. */
  readonly listPending: () => readonly Approval[];
}

const questionLifetimeMs = 10 * 60_000;
const quietAfterNoMs = 10 * 60_000;
const mostQuestionsPerAgent = 3;
const retryAfterSeconds = 5;

/**
 * Until when a grant may be used from the program that calls (security rule 14). The program seen at approval may until the
 * grant ends, and so may one that the person saw on the card of another live grant of this agent above low risk, which
 * needs the passphrase. Any other is put to the person, once: their yes holds for the time they chose, a no for ten minutes.
 *
 * Refuses `approval_pending` while the question waits, `approval_denied` after a no.
 */
export function admitProgram(grant: Grant, evidence: ProcessEvidence, deps: ProgramQuestionDeps): number {
  // Nothing was kept and nothing is known now: there is nothing to compare, and the card said so.
  if (!isKept(grant.evidence) && !isKept(keptEvidence(evidence))) return grant.expiresAt;
  if (isSameProgram(grant.evidence, evidence)) return grant.expiresAt;
  const now = deps.clock.now();
  const seen = deps.grants
    .list({ agentId: grant.agentId, live: true })
    // security: rule 14, a program that only redeemed a grant was on no card
    .find((other) => other.risk !== 'low' && other.evidence.unshown !== true && isSameProgram(other.evidence, evidence));
  if (seen !== undefined) return Math.min(seen.expiresAt, grant.expiresAt);
  const answers = deps.table
    .list('agent_id = ?', grant.agentId)
    .map((row) => row.value)
    .filter((one) => one.forGrant !== undefined && isSameQuestion(one.evidence, evidence));
  const until = Math.max(0, ...answers.map((one) => (one.state === 'approved' ? (one.programAllowedUntil ?? 0) : 0)));
  if (until > now) return Math.min(until, grant.expiresAt);
  if (answers.some((one) => one.state === 'denied' && now - (one.decidedAt ?? 0) < quietAfterNoMs)) throw denied();
  if (!answers.some((one) => one.state === 'pending' && one.expiresAt > now)) ask(grant, evidence, deps);
  throw waiting();
}

function isSameQuestion(asked: ProcessEvidence, now: ProcessEvidence): boolean {
  const kept = keptEvidence(asked);
  return isSameProgram(kept, now) || (!isKept(kept) && !isKept(keptEvidence(now)));
}

function ask(grant: Grant, evidence: ProcessEvidence, deps: ProgramQuestionDeps): void {
  const ofAgent = deps.listPending().filter((one) => one.agentId === grant.agentId && one.forGrant !== undefined);
  if (ofAgent.length >= mostQuestionsPerAgent) return;
  const now = deps.clock.now();
  const { agentId, resourceId, details, scopes } = grant;
  const question: Approval = {
    agentId,
    resourceId,
    details,
    scopes,
    // Nobody knows the value, so no poll redeems this.
    authReqHash: hashOf(randomBytes(32).toString('base64url')),
    expiresAt: Math.min(now + questionLifetimeMs, grant.expiresAt),
    evidence,
    forGrant: grant.id,
    id: newId<ApprovalId>('approval'),
    state: 'pending',
    createdAt: now,
    askedDigest: askedDigest(grant),
    risk: 'high',
    riskReasons: [],
  };
  deps.put({ ...question, ...deps.assess(question) });
}

function waiting(): Refusal {
  return new Refusal('approval_pending', 'Another program uses this grant than the one it was given to. The person is asked.', {
    retryAfterSeconds,
    hint: 'Try the same again later: the person decides whether this program may go on.',
    members: { reason: 'program_changed' },
  });
}

function denied(): Refusal {
  return new Refusal('approval_denied', 'The person did not allow this grant to another program.', {
    hint: 'Send a new request from this program, if the person wants it.',
    members: { reason: 'program_changed' },
  });
}

/** The answer to a question about a program: it changes no grant, and says until when the program counts. */
export function allowProgram(
  row: GuardedRow<Approval>,
  answer: { readonly grantedDigest: string; readonly until: number; readonly now: number },
): Approval {
  const { grantedDigest, until, now } = answer;
  return {
    ...row.value,
    state: 'approved',
    decidedAt: now,
    grantedDigest,
    programAllowedUntil: until,
    ...(row.value.forGrant === undefined ? {} : { grantId: row.value.forGrant }),
  };
}
