import { useId } from 'react';
import type { CardView } from '../../../src/contract/shapes.ts';
import { Button } from '../../ui/button.tsx';
import { InertText } from '../../ui/inert-text.tsx';
import { text } from './text.ts';

interface NameFieldProps {
  readonly agent: CardView['agent'];
  readonly value: string;
  readonly onChange: (name: string) => void;
}

/** A new agent gets a name from the person, before anything else on its card. Its own claim is offered only when it resembles nobody's. */
export function NameField({ agent, value, onChange }: NameFieldProps) {
  const hintId = useId();
  const inputId = useId();
  return (
    <div className="mb-4 rounded-m border border-line bg-sunken p-3.5">
      <label htmlFor={inputId} className="font-semibold">
        {text.name.label}
      </label>
      <div className="mt-1.5 flex flex-wrap items-center gap-2">
        <input
          id={inputId}
          value={value}
          maxLength={60}
          autoComplete="off"
          spellCheck={false}
          aria-describedby={hintId}
          onChange={(event) => onChange(event.target.value)}
          className="h-8.5 w-60 max-w-full rounded-s border border-edge bg-surface px-2.5"
        />
        {!agent.resemblesAnother && value === '' && (
          <span className="text-sm text-ink-2">
            {text.name.claim} “<InertText text={agent.name} fold={60} />”
            <Button look="link" size="s" onClick={() => onChange(agent.name.slice(0, 60))}>
              {text.name.useClaim}
            </Button>
          </span>
        )}
      </div>
      <p id={hintId} className="mt-1.5 text-xs text-ink-3">
        {text.name.hint}
      </p>
    </div>
  );
}
