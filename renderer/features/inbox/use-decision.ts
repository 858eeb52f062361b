import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CardView, NarrowingInput } from '../../../src/contract/shapes.ts';
import { useAct } from '../../client.ts';
import type { Problem } from '../../ui/problem.tsx';
import type { InputGuard } from './use-input-guard.ts';

export interface Answer {
  readonly narrowing: NarrowingInput;
  readonly agentName: string | undefined;
  /** Of the preview that was on screen; `undefined` while it is not of this very answer. */
  readonly grantedDigest: string | undefined;
}

export interface Decision {
  /** Sends the answer that is on screen. Does nothing, and says so, while the guard does not pass. */
  readonly approve: (passphrase?: string) => void;
  readonly deny: (reason?: string) => void;
  readonly pending: boolean;
  readonly problem: Problem | undefined;
  readonly tooEarly: boolean;
}

interface DecisionDeps {
  readonly card: CardView;
  readonly answer: Answer;
  readonly guard: InputGuard;
  readonly onApproved: (grantId: string) => void;
  readonly onDenied: () => void;
}

/** Answers that are out of date: what is on screen is read again. */
const outOfDate = new Set(['card_changed', 'approval_decided', 'approval_expired', 'narrowing_invalid', 'conflict']);

/** Approve and deny for one card. Both pass the input guard first, however they were asked for. */
export function useDecision({ card, answer, guard, onApproved, onDenied }: DecisionDeps): Decision {
  const queries = useQueryClient();
  const approval = useAct('approvals.approve');
  const denial = useAct('approvals.deny');
  const [tooEarly, setTooEarly] = useState(false);
  const guarded = (act: () => void) => {
    const passes = guard.passes();
    setTooEarly(!passes);
    if (passes && !approval.pending && !denial.pending) act();
  };
  const onProblem = (problem: Problem) => {
    if (outOfDate.has(problem.code))
      void queries.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('approvals.') });
  };
  const { id, version, askedDigest } = card;
  const { narrowing, agentName, grantedDigest } = answer;
  return {
    approve(passphrase) {
      if (grantedDigest === undefined) return;
      const input = { id, cardVersion: version, askedDigest, grantedDigest, narrowing, agentName };
      const options = { onDone: (output: { readonly grantId: string }) => onApproved(output.grantId), onProblem };
      guarded(() => approval.act(input, passphrase === undefined ? options : { ...options, passphrase }));
    },
    deny: (reason) => guarded(() => denial.act({ id, ...(reason ? { reason } : {}) }, { onDone: onDenied, onProblem })),
    pending: approval.pending || denial.pending,
    problem: approval.problem ?? denial.problem,
    tooEarly,
  };
}
