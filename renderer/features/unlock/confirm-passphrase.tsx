import { type FormEvent, useId, useRef, useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { PassphraseField, takePassphrase } from '../../ui/passphrase-field.tsx';
import { type Problem, ProblemNote } from '../../ui/problem.tsx';
import { text } from './text.ts';

interface ConfirmPassphraseProps {
  readonly action: string;
  readonly busy: string;
  readonly pending: boolean;
  readonly problem: Problem | undefined;
  readonly matches: (typed: string) => boolean;
  readonly onConfirm: (typed: string) => void;
  readonly onBack: () => void;
}

/** The second step: typed once more, then it is used. */
export function ConfirmPassphrase({ action, busy, pending, problem, matches, onConfirm, onBack }: ConfirmPassphraseProps) {
  const input = useRef<HTMLInputElement>(null);
  const problemId = useId();
  const [different, setDifferent] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (pending || !input.current?.value) return;
    const typed = takePassphrase(input.current);
    setDifferent(!matches(typed));
    if (matches(typed)) onConfirm(typed);
  };
  return (
    <form onSubmit={submit} className="mt-2 grid justify-items-start gap-3">
      <h2 className="text-lg font-semibold">{text.firstRun.confirmTitle}</h2>
      <p className="text-ink-2">{text.firstRun.confirmLead}</p>
      <PassphraseField
        inputRef={input}
        label={text.firstRun.confirmLabel}
        className="w-full"
        autoFocus
        aria-describedby={problemId}
        aria-invalid={different || undefined}
      />
      <div id={problemId}>
        {different && (
          <p role="alert" className="text-sm text-danger">
            {text.firstRun.different}
          </p>
        )}
        {problem && <ProblemNote problem={problem} />}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" className="min-h-10 px-4" aria-disabled={pending}>
          {pending ? busy : action}
        </Button>
        <Button look="link" onClick={onBack}>
          {text.firstRun.back}
        </Button>
      </div>
    </form>
  );
}
