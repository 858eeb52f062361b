import { type FormEvent, useId, useRef, useState } from 'react';
import { readRecoveryCode } from '../../../src/contract/recovery-code.ts';
import { Button } from '../../ui/button.tsx';
import { CodeField } from '../../ui/code-field.tsx';
import { type Problem, ProblemNote, useWait } from '../../ui/problem.tsx';
import { text } from './text.ts';

interface TypeCodeProps {
  /** What the core said of the one before. */
  readonly problem: Problem | undefined;
  readonly onCode: (code: string) => void;
  readonly back: { readonly label: string; readonly go: () => void };
}

/** The recovery code, typed from paper. Slips are found here, before a passphrase is chosen; the core tries the code. */
export function TypeCode({ problem, onCode, back }: TypeCodeProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  const problemId = useId();
  const wait = useWait(problem);
  const [slip, setSlip] = useState<string>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const typed = input.current?.value ?? '';
    if (wait > 0 || !typed.trim()) return;
    const read = readRecoveryCode(typed);
    if (read.ok) return onCode(typed);
    setSlip(read.reason === 'group' ? text.recover.slipIn(read.group) : text.recover.slips[read.reason]);
    input.current?.focus();
  };
  const wrong = slip !== undefined || problem !== undefined;
  return (
    <form onSubmit={submit} className="mt-2 grid justify-items-start gap-3">
      <p className="text-ink-2">{text.recover.lead}</p>
      <CodeField
        inputRef={input}
        label={text.recover.label}
        className="w-full"
        autoFocus
        aria-describedby={wrong ? problemId : undefined}
        aria-invalid={wrong ? true : undefined}
      />
      <div id={problemId}>
        {slip !== undefined && (
          <p role="alert" className="text-sm text-danger">
            {slip}
          </p>
        )}
        {slip === undefined && problem && <ProblemNote problem={problem} />}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" className="min-h-10 px-4" aria-disabled={wait > 0}>
          {text.recover.next}
        </Button>
        <Button look="link" onClick={back.go}>
          {back.label}
        </Button>
      </div>
    </form>
  );
}
