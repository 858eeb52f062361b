import { type FormEvent, useId, useRef, useState } from 'react';
import { toProblem, useAct, useCall } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { PassphraseField, takePassphrase } from '../../ui/passphrase-field.tsx';
import { type Problem, ProblemNote, useWait } from '../../ui/problem.tsx';
import { Section } from './section.tsx';
import { text } from './text.ts';

const words = text.passphrase;

/** Another passphrase in place of the one there is. */
export function PassphraseSetting() {
  const [state, setState] = useState<'rest' | 'asking' | 'changed'>('rest');
  return (
    <Section title={words.title}>
      <p className="mb-3 text-ink-2">{words.meaning}</p>
      {state === 'asking' ? (
        <ChangePassphrase onDone={() => setState('changed')} onCancel={() => setState('rest')} />
      ) : (
        <div className="flex flex-wrap items-center gap-3">
          <Button size="s" onClick={() => setState('asking')}>
            {words.change}
          </Button>
          <p role="status" className="text-sm text-ink-2">
            {state === 'changed' && words.done}
          </p>
        </div>
      )}
    </Section>
  );
}

interface ChangePassphraseProps {
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

function ChangePassphrase({ onDone, onCancel }: ChangePassphraseProps) {
  const current = useRef<HTMLInputElement>(null);
  const next = useRef<HTMLInputElement>(null);
  const repeat = useRef<HTMLInputElement>(null);
  const problemId = useId();
  const change = useAct('passphrase.change');
  const wait = useWait(change.problem);
  const [different, setDifferent] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wait > 0 || change.pending || !current.current?.value || !next.current?.value) return;
    const isSame = next.current.value === repeat.current?.value;
    setDifferent(!isSame);
    if (!isSame) return;
    takePassphrase(repeat.current);
    change.act(
      {},
      {
        passphrase: { passphrase: takePassphrase(current.current), newPassphrase: takePassphrase(next.current) },
        onDone,
        onProblem: () => current.current?.focus(),
      },
    );
  };
  const describedBy = different || change.problem ? problemId : undefined;
  return (
    <form onSubmit={submit} className="grid max-w-sm gap-3">
      <PassphraseField inputRef={current} label={words.current} autoFocus aria-describedby={describedBy} />
      <Suggestion />
      <PassphraseField inputRef={next} label={words.next} />
      <PassphraseField inputRef={repeat} label={words.repeat} aria-invalid={different || undefined} />
      <div id={problemId}>
        {different && (
          <p role="alert" className="text-sm text-danger">
            {words.different}
          </p>
        )}
        {!different && change.problem && <ProblemNote problem={change.problem} />}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" aria-disabled={wait > 0 || change.pending}>
          {change.pending ? words.busy : words.action}
        </Button>
        <Button look="link" onClick={onCancel}>
          {words.cancel}
        </Button>
      </div>
    </form>
  );
}

/** Five random words on request. Asked for outside the store of answers, so that they go with this component. */
function Suggestion() {
  const call = useCall();
  const [suggested, setSuggested] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const suggest = () => {
    call('passphrase.suggest', {}).then(
      ({ passphrase }) => setSuggested(passphrase),
      (error: unknown) => setProblem(toProblem(error)),
    );
  };
  return (
    <div className="grid justify-items-start gap-2">
      {suggested === undefined ? (
        <p className="text-sm text-ink-2">{words.hint}</p>
      ) : (
        <>
          <p className="w-full rounded-s border border-line bg-sunken px-3 py-2 font-mono select-all">{suggested}</p>
          <p className="text-sm text-ink-2">{words.suggestion}</p>
        </>
      )}
      {problem && <ProblemNote problem={problem} />}
      <Button size="s" onClick={suggest}>
        {suggested === undefined ? words.suggest : words.another}
      </Button>
    </div>
  );
}
