import { type FormEvent, useId, useRef, useState } from 'react';
import { Button } from './button.tsx';
import { PassphraseField, takePassphrase } from './passphrase-field.tsx';
import { type Problem, ProblemNote, useWait } from './problem.tsx';
import { text } from './text.ts';

interface PresenceFormProps {
  /** Why the passphrase is asked for, as the field's label. */
  readonly label?: string;
  readonly action: string;
  /** Begins with the keyboard in it. Default true; false where something before it is to be filled in first. */
  readonly focused?: boolean;
  readonly pending?: boolean;
  readonly problem?: Problem | undefined;
  readonly onConfirm: (passphrase: string) => void;
  readonly onCancel?: () => void;
}

/** Asks for the passphrase where the act is, never over the page. */
export function PresenceForm(props: PresenceFormProps) {
  const { label = text.passphrase, action, focused = true, pending, problem, onConfirm, onCancel } = props;
  const input = useRef<HTMLInputElement>(null);
  const problemId = useId();
  const wait = useWait(problem);
  const [filled, setFilled] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wait > 0 || pending || !input.current?.value) return;
    onConfirm(takePassphrase(input.current));
    setFilled(false);
  };
  return (
    <form onSubmit={submit} className="grid gap-2">
      <div className="flex flex-wrap items-end gap-2">
        <PassphraseField
          inputRef={input}
          label={label}
          autoFocus={focused}
          className="w-64 max-w-full"
          aria-describedby={problem ? problemId : undefined}
          aria-invalid={problem ? true : undefined}
          onInput={(event) => setFilled(event.currentTarget.value !== '')}
        />
        <Button type="submit" look={filled && wait === 0 ? 'primary' : 'plain'} aria-disabled={!filled || wait > 0 || pending}>
          {action}
        </Button>
        {onCancel && (
          <Button look="link" onClick={onCancel}>
            {text.cancel}
          </Button>
        )}
      </div>
      {problem && <ProblemNote id={problemId} problem={problem} />}
    </form>
  );
}
