import { type FormEvent, useId, useRef } from 'react';
import type { Status } from '../../../src/contract/shapes.ts';
import { useAct } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { PassphraseField, takePassphrase } from '../../ui/passphrase-field.tsx';
import { ProblemNote, useWait } from '../../ui/problem.tsx';
import { text } from './text.ts';

interface UnlockProps {
  readonly status: Status;
  readonly onUseCode: () => void;
}

/** Opens the vault for this page. A wrong passphrase says so, and how long to wait. */
export function Unlock({ status, onUseCode }: UnlockProps) {
  const input = useRef<HTMLInputElement>(null);
  const problemId = useId();
  const unlock = useAct('vault.unlock');
  const lock = useAct('vault.lock');
  const wait = useWait(unlock.problem);
  const elsewhere = status.vault === 'unlocked';
  const hasCode = !elsewhere && (status.recovery.state === 'tested' || status.recovery.state === 'untested');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wait > 0 || unlock.pending || !input.current?.value) return;
    unlock.act({}, { passphrase: takePassphrase(input.current), onProblem: () => input.current?.focus() });
  };
  return (
    <form onSubmit={submit} className="mt-2 grid gap-4">
      <div className="grid gap-1 text-ink-2">
        {status.counts.pending > 0 && <p className="font-medium text-ink">{text.unlock.waiting(status.counts.pending)}</p>}
        <p>{elsewhere ? text.unlock.elsewhere : text.unlock.locked}</p>
        {status.paused && <p>{text.unlock.paused}</p>}
      </div>
      <PassphraseField
        inputRef={input}
        label={text.unlock.label}
        autoFocus
        aria-describedby={unlock.problem ? problemId : undefined}
        aria-invalid={unlock.problem ? true : undefined}
      />
      {unlock.problem && <ProblemNote id={problemId} problem={unlock.problem} />}
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" look="primary" className="min-h-10 px-4" aria-disabled={wait > 0 || unlock.pending}>
          {unlock.pending ? text.unlock.busy : text.unlock.action}
        </Button>
        {hasCode && (
          <Button look="link" onClick={onUseCode}>
            {text.unlock.useCode}
          </Button>
        )}
        {elsewhere && (
          <Button look="link" onClick={() => lock.act({})}>
            {text.unlock.lockAll}
          </Button>
        )}
      </div>
    </form>
  );
}
