import { type FormEvent, useId, useRef } from 'react';
import { useAct } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { CodeField } from '../../ui/code-field.tsx';
import { ProblemNote, useWait } from '../../ui/problem.tsx';
import { text } from './text.ts';

interface TypeBackProps {
  readonly onDone: () => void;
  readonly other: { readonly label: string; readonly go: () => void };
}

/** The code, typed from the paper. A slip keeps what was typed, so that one sign can be mended. */
export function TypeBack({ onDone, other }: TypeBackProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  const problemId = useId();
  const confirm = useAct('recovery.confirm');
  const wait = useWait(confirm.problem);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wait > 0 || confirm.pending || !input.current?.value.trim()) return;
    confirm.act({}, { passphrase: input.current.value, onDone, onProblem: () => input.current?.focus() });
  };
  return (
    <form onSubmit={submit} className="grid w-full justify-items-start gap-3">
      <h2 className="text-lg font-semibold">{text.type.title}</h2>
      <p className="text-ink-2">{text.type.lead}</p>
      <CodeField
        inputRef={input}
        label={text.type.label}
        className="w-full"
        autoFocus
        aria-describedby={confirm.problem ? problemId : undefined}
        aria-invalid={confirm.problem ? true : undefined}
      />
      {confirm.problem && <ProblemNote id={problemId} problem={confirm.problem} />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" className="min-h-10 px-4" aria-disabled={wait > 0 || confirm.pending}>
          {confirm.pending ? text.type.busy : text.type.action}
        </Button>
        <Button look="link" onClick={other.go}>
          {other.label}
        </Button>
      </div>
    </form>
  );
}
