import { useState } from 'react';
import { Segmented } from '../../ui/choice.tsx';
import type { Problem } from '../../ui/problem.tsx';
import { ConfirmPassphrase } from './confirm-passphrase.tsx';
import { OwnPassphrase } from './own-passphrase.tsx';
import { SuggestedPassphrase } from './suggested-passphrase.tsx';
import { text } from './text.ts';

const kinds = [
  { value: 'suggested', label: text.firstRun.suggested },
  { value: 'own', label: text.firstRun.own },
] as const;

/**
 * Makes the vault: choose a passphrase, type it once more, done.
 *
 * The chosen passphrase is held by a closure between the two steps and forgotten when it was used or taken back.
 */
export function FirstRun() {
  const [kind, setKind] = useState<'suggested' | 'own'>('suggested');
  const [chosen, setChosen] = useState<{ readonly matches: (typed: string) => boolean }>();
  const [problem, setProblem] = useState<Problem>();
  const choose = (passphrase: string) => {
    setProblem(undefined);
    setChosen({ matches: (typed) => typed === passphrase });
  };
  const back = (because?: Problem) => {
    setProblem(because);
    if (because) setKind('own');
    setChosen(undefined);
  };
  if (chosen) return <ConfirmPassphrase matches={chosen.matches} onBack={back} />;
  return (
    <div className="mt-2 grid justify-items-start gap-4">
      <p className="text-ink-2">{text.firstRun.lead}</p>
      <Segmented label={text.firstRun.choiceLabel} options={kinds} value={kind} onChange={setKind} />
      {kind === 'suggested' ? <SuggestedPassphrase onChoose={choose} /> : <OwnPassphrase onChoose={choose} problem={problem} />}
    </div>
  );
}
