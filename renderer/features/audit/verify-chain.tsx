import { useState } from 'react';
import type { OperationOutput } from '../../../src/contract/operations.ts';
import { toProblem, useCall } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { digestGroups } from '../../ui/digest.ts';
import { type Problem, ProblemNote } from '../../ui/problem.tsx';
import { text } from './text.ts';

/** Has the core walk the whole chain, and says what it found. */
export function VerifyChain() {
  const call = useCall();
  const [verifying, setVerifying] = useState(false);
  const [result, setResult] = useState<OperationOutput<'audit.verify'>>();
  const [problem, setProblem] = useState<Problem>();
  const verify = async () => {
    setVerifying(true);
    setProblem(undefined);
    try {
      setResult(await call('audit.verify', {}));
    } catch (error) {
      setResult(undefined);
      setProblem(toProblem(error));
    }
    setVerifying(false);
  };
  return (
    <>
      <div role="status" className="max-w-lg text-sm">
        {result && (
          <p className={classNames(result.intact ? 'text-accent' : 'font-medium text-danger')}>
            {result.intact ? text.intact(result.count) : text.broken(result.brokenAt)}{' '}
            <span className="text-xs text-ink-3" title={result.head}>
              {text.head} <span className="font-mono">{digestGroups(result.head)}</span>
            </span>
          </p>
        )}
        {problem && <ProblemNote problem={problem} />}
      </div>
      <Button disabled={verifying} onClick={() => void verify()}>
        {verifying ? text.verifying : text.verify}
      </Button>
    </>
  );
}
