import { useCallback, useEffect, useState } from 'react';
import { toProblem, useCall } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { type Problem, ProblemPanel } from '../../ui/problem.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { text } from './text.ts';

interface Suggestion {
  readonly passphrase: string;
  readonly bits: number;
}

/** Five random words from the core. Asked for outside the store of answers, so that they go with this component. */
export function SuggestedPassphrase({ onChoose }: { readonly onChoose: (passphrase: string) => void }) {
  const call = useCall();
  const [suggestion, setSuggestion] = useState<Suggestion>();
  const [problem, setProblem] = useState<Problem>();
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((current) => current + 1), []);
  useEffect(() => {
    let wanted = true;
    call('passphrase.suggest', {}).then(
      (answer) => wanted && setSuggestion(answer),
      (error: unknown) => wanted && setProblem(toProblem(error)),
    );
    return () => {
      wanted = false;
    };
    // `call` is made anew at each drawing; a new suggestion is wanted only when asked for.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [round]);
  if (problem) return <ProblemPanel title={text.firstRun.suggestionProblem} problem={problem} unaffected="" onRetry={again} />;
  if (!suggestion) return <Skeleton lines={1} />;
  return (
    <>
      <p className="w-full rounded-s border border-line bg-sunken px-3.5 py-3 font-mono text-lg select-all">
        {suggestion.passphrase}
      </p>
      <p className="text-sm text-ink-2">{text.firstRun.bits(suggestion.bits)}</p>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" className="min-h-10 px-4" onClick={() => onChoose(suggestion.passphrase)}>
          {text.firstRun.use}
        </Button>
        <Button look="link" onClick={again}>
          {text.firstRun.another}
        </Button>
      </div>
    </>
  );
}
