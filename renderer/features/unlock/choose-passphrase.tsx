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

interface ChoosePassphraseProps {
  readonly lead: string;
  /** What the last button does, and says while it does. */
  readonly action: string;
  readonly busy: string;
  readonly pending: boolean;
  readonly problem: Problem | undefined;
  readonly onPassphrase: (passphrase: string, onProblem: (problem: Problem) => void) => void;
}

/**
 * Chooses a passphrase: a suggested one or one's own, typed once more.
 *
 * It is held by a closure between the two steps and forgotten when it was used or taken back.
 */
export function ChoosePassphrase({ lead, onPassphrase, ...confirm }: ChoosePassphraseProps) {
  const [kind, setKind] = useState<'suggested' | 'own'>('suggested');
  const [chosen, setChosen] = useState<{ readonly matches: (typed: string) => boolean }>();
  const [weak, setWeak] = useState<Problem>();
  const choose = (passphrase: string) => {
    setWeak(undefined);
    setChosen({ matches: (typed) => typed === passphrase });
  };
  const onProblem = (problem: Problem) => {
    if (problem.code !== 'passphrase_weak') return;
    setWeak(problem);
    setKind('own');
    setChosen(undefined);
  };
  if (chosen) {
    return (
      <ConfirmPassphrase
        {...confirm}
        matches={chosen.matches}
        onConfirm={(typed) => onPassphrase(typed, onProblem)}
        onBack={() => setChosen(undefined)}
      />
    );
  }
  return (
    <div className="mt-2 grid justify-items-start gap-4">
      <p className="text-ink-2">{lead}</p>
      <Segmented label={text.firstRun.choiceLabel} options={kinds} value={kind} onChange={setKind} />
      {kind === 'suggested' ? <SuggestedPassphrase onChoose={choose} /> : <OwnPassphrase onChoose={choose} problem={weak} />}
    </div>
  );
}
