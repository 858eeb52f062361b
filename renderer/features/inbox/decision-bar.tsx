import { useId, useRef, useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { Kbd } from '../../ui/kbd.tsx';
import { PassphraseField, takePassphrase } from '../../ui/passphrase-field.tsx';
import { ProblemNote, useWait } from '../../ui/problem.tsx';
import { useKeys } from '../../ui/use-keys.ts';
import { text } from './text.ts';
import type { Decision } from './use-decision.ts';

interface DecisionBarProps {
  readonly decision: Decision;
  /** `passphrase` when only a fresh factor may approve. */
  readonly presence: 'session' | 'passphrase';
  /** The guard is open and the answer is complete: what Approve needs besides presence. */
  readonly ready: boolean;
  /** Why the answer is not complete, in words. */
  readonly missing: string | undefined;
  readonly onLater: () => void;
}

const decide = 'inline-flex h-10 items-center gap-2 rounded-m border px-4 font-semibold whitespace-nowrap';
const filled = 'border-transparent bg-accent text-accent-ink';
const unfilled = 'border-edge bg-surface text-ink';

/** Deny, Later, Approve: one line that does not scroll away. Approve is filled only when it would be obeyed. */
export function DecisionBar({ decision, presence, ready, missing, onLater }: DecisionBarProps) {
  const passphrase = useRef<HTMLInputElement>(null);
  const problemId = useId();
  const [typed, setTyped] = useState(false);
  const [reasoning, setReasoning] = useState(false);
  const reason = useRef<HTMLInputElement>(null);
  const wait = useWait(decision.problem);
  const complete = ready && missing === undefined && wait === 0 && !decision.pending && (presence === 'session' || typed);
  const approve = () => {
    if (presence === 'passphrase' && !passphrase.current?.value) passphrase.current?.focus();
    if (!complete) return;
    decision.approve(presence === 'passphrase' ? takePassphrase(passphrase.current) : undefined);
    setTyped(false);
  };
  const deny = () => decision.deny(reason.current?.value.trim());
  useKeys({ a: approve, d: deny, l: onLater });
  return (
    <footer className="sticky bottom-0 border-t max-card:-bottom-6 border-line bg-surface px-6 py-3 max-card:px-4">
      <div aria-live="polite" className="text-sm">
        {decision.problem && <ProblemNote id={problemId} problem={decision.problem} />}
        {decision.tooEarly && <p className="text-ink-2">{text.decide.tooEarly}</p>}
        {missing !== undefined && <p className="text-ink-2">{missing}</p>}
      </div>
      {reasoning && <ReasonField inputRef={reason} onSubmit={deny} />}
      {presence === 'passphrase' && (
        <PresenceField
          inputRef={passphrase}
          describedBy={decision.problem ? problemId : undefined}
          onTyped={setTyped}
          onSubmit={approve}
        />
      )}
      <div className="flex flex-wrap items-center gap-1">
        <button type="button" aria-keyshortcuts="d" onClick={deny} className={classNames(decide, unfilled)}>
          {text.decide.deny} <Kbd keys="D" />
        </button>
        <Button look="link" className="ms-1" aria-keyshortcuts="l" onClick={onLater}>
          {text.decide.later}
        </Button>
        <Button look="link" aria-expanded={reasoning} onClick={() => setReasoning(!reasoning)}>
          {text.decide.withReason}
        </Button>
        <button
          type="button"
          aria-keyshortcuts="a"
          aria-disabled={!complete}
          onClick={approve}
          className={classNames(decide, 'ms-auto', complete ? filled : unfilled)}
        >
          {decision.pending ? text.decide.approving : text.decide.approve}
          <Kbd keys="A" className={complete ? 'border-accent-ink/40! bg-transparent! text-inherit!' : ''} />
        </button>
      </div>
    </footer>
  );
}

interface ReasonFieldProps {
  readonly inputRef: React.RefObject<HTMLInputElement | null>;
  readonly onSubmit: () => void;
}

function ReasonField({ inputRef, onSubmit }: ReasonFieldProps) {
  return (
    <form
      className="mb-2.5"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <label className="grid max-w-96 gap-1 text-xs text-ink-3">
        {text.decide.reasonLabel}
        <input
          ref={inputRef}
          autoFocus
          maxLength={200}
          autoComplete="off"
          className="h-8.5 rounded-s border border-edge bg-surface px-2.5 text-md text-ink"
        />
      </label>
    </form>
  );
}

interface PresenceFieldProps {
  readonly inputRef: React.RefObject<HTMLInputElement | null>;
  readonly describedBy: string | undefined;
  /** Whether there is anything in it: never what. */
  readonly onTyped: (typed: boolean) => void;
  readonly onSubmit: () => void;
}

function PresenceField({ inputRef, describedBy, onTyped, onSubmit }: PresenceFieldProps) {
  return (
    <form
      className="mb-2.5 max-w-96"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <PassphraseField
        inputRef={inputRef}
        label={text.decide.passphrase}
        aria-describedby={describedBy}
        onInput={(event) => onTyped(event.currentTarget.value !== '')}
      />
    </form>
  );
}
