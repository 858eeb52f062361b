import { type FormEvent, useId, useRef } from 'react';
import { Button } from '../../ui/button.tsx';
import { PassphraseField, takePassphrase } from '../../ui/passphrase-field.tsx';
import { type Problem, ProblemNote } from '../../ui/problem.tsx';
import { text } from './text.ts';

interface OwnPassphraseProps {
  readonly onChoose: (passphrase: string) => void;
  /** What the core said about the one before: how strong it measured. */
  readonly problem: Problem | undefined;
}

/** A passphrase of the person's own. The core measures it when the vault is made, and its answer is shown here. */
export function OwnPassphrase({ onChoose, problem }: OwnPassphraseProps) {
  const input = useRef<HTMLInputElement>(null);
  const hintId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (input.current?.value) onChoose(takePassphrase(input.current));
  };
  return (
    <form onSubmit={submit} className="grid w-full justify-items-start gap-3">
      <PassphraseField inputRef={input} label={text.firstRun.ownLabel} className="w-full" aria-describedby={hintId} autoFocus />
      <div id={hintId} className="grid gap-1">
        {problem && <ProblemNote problem={problem} />}
        <p className="text-sm text-ink-2">{text.firstRun.ownHint}</p>
      </div>
      <Button type="submit" look="primary" className="min-h-10 px-4">
        {text.firstRun.next}
      </Button>
    </form>
  );
}
