import { type FormEvent, useId, useRef, useState } from 'react';
import { useAct } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { PassphraseField, takePassphrase } from '../../ui/passphrase-field.tsx';
import { type Problem, ProblemNote } from '../../ui/problem.tsx';
import { text } from './text.ts';

interface ConfirmPassphraseProps {
  readonly matches: (typed: string) => boolean;
  /** With a problem when the core found the passphrase too weak. */
  readonly onBack: (because?: Problem) => void;
}

/** The second step: typed once more, then the vault is made. */
export function ConfirmPassphrase({ matches, onBack }: ConfirmPassphraseProps) {
  const input = useRef<HTMLInputElement>(null);
  const problemId = useId();
  const create = useAct('vault.create');
  const [different, setDifferent] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (create.pending || !input.current?.value) return;
    const typed = takePassphrase(input.current);
    setDifferent(!matches(typed));
    if (!matches(typed)) return;
    create.act({}, { passphrase: typed, onProblem: (problem) => problem.code === 'passphrase_weak' && onBack(problem) });
  };
  return (
    <form onSubmit={submit} className="mt-2 grid justify-items-start gap-3">
      <h2 className="text-lg font-semibold">{text.firstRun.confirmTitle}</h2>
      <p className="text-ink-2">{text.firstRun.confirmLead}</p>
      <PassphraseField
        inputRef={input}
        label={text.firstRun.confirmLabel}
        autoComplete="new-password"
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
        {create.problem && <ProblemNote problem={create.problem} />}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" className="min-h-10 px-4" aria-disabled={create.pending}>
          {create.pending ? text.firstRun.creating : text.firstRun.create}
        </Button>
        <Button look="link" onClick={() => onBack()}>
          {text.firstRun.back}
        </Button>
      </div>
    </form>
  );
}
