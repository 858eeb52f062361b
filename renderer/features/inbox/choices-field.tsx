import { useId, useState } from 'react';
import { Chip } from '../../ui/choice.tsx';
import { toggled } from './draft.ts';
import { text } from './text.ts';

interface ChoicesFieldProps {
  readonly label: string;
  readonly asked: readonly string[];
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly mono?: boolean;
  readonly onChange: (chosen: readonly string[]) => void;
}

/** What was asked for, each of which can be taken out; all but the last. */
export function ChoicesField({ label, asked, labels = {}, mono = false, onChange }: ChoicesFieldProps) {
  const labelId = useId();
  const [chosen, setChosen] = useState(asked);
  const [held, setHeld] = useState(false);
  const change = (value: string) => {
    const next = toggled(asked, chosen, value);
    setHeld(next.length === 0);
    if (next.length === 0) return;
    setChosen(next);
    onChange(next);
  };
  const removed = asked.length - chosen.length;
  return (
    <div role="group" aria-labelledby={labelId} className="grid content-start gap-1.25 text-xs text-ink-3">
      <span id={labelId}>{label}</span>
      <span className="flex flex-wrap gap-1.5">
        {asked.map((value) => (
          <Chip
            key={value}
            mono={mono}
            pressed={chosen.includes(value)}
            onChange={() => change(value)}
            label={Object.hasOwn(labels, value) ? (labels[value] ?? value) : value}
          />
        ))}
      </span>
      {held && <span role="status">{text.fields.lastOne}</span>}
      {!held && removed > 0 && <span>{text.fields.removed(removed)}</span>}
    </div>
  );
}
