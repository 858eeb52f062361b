import { useId, useState } from 'react';
import type { DetailFieldView } from '../../../src/contract/shapes.ts';
import { decimalsOf, parseAmountInput } from './money.ts';
import { text } from './text.ts';

interface AmountFieldProps {
  readonly field: DetailFieldView;
  /** `undefined` when what is typed is not an amount that can be sent. */
  readonly onChange: (amount: string | undefined) => void;
}

const words = text.fields.amountProblems;

/** An amount that can be lowered. Says what was asked, and when it was lowered. */
export function AmountField({ field, onChange }: AmountFieldProps) {
  const asked = String(field.value);
  const hintId = useId();
  const [typed, setTyped] = useState(asked);
  const parsed = parseAmountInput(typed, asked, field.unit);
  const change = (next: string) => {
    setTyped(next);
    const result = parseAmountInput(next, asked, field.unit);
    onChange(result.ok ? result.amount : undefined);
  };
  return (
    <label className="grid content-start gap-1.25 text-xs text-ink-3">
      {field.label}
      <span className="inline-flex h-8.5 w-max items-center rounded-s border border-edge bg-surface px-2.5 focus-within:outline-2 focus-within:outline-accent">
        <input
          inputMode="decimal"
          autoComplete="off"
          value={typed}
          size={Math.max(8, asked.length)}
          onChange={(event) => change(event.target.value)}
          aria-invalid={!parsed.ok || undefined}
          aria-describedby={hintId}
          className="min-w-0 bg-transparent text-md text-ink outline-none"
        />
        <span>{field.unit}</span>
      </span>
      <span id={hintId} className={parsed.ok ? '' : 'text-danger'}>
        {hintFor(parsed, { asked, currency: field.unit })}
      </span>
    </label>
  );
}

function hintFor(
  parsed: ReturnType<typeof parseAmountInput>,
  { asked, currency }: { readonly asked: string; readonly currency: string | undefined },
): string {
  if (parsed.ok) return parsed.lowered ? text.fields.lowered(asked) : text.fields.asked(asked);
  switch (parsed.why) {
    case 'form':
      return words.form;
    case 'tooMany':
      return words.tooMany(decimalsOf(asked, currency));
    case 'more':
      return words.more(asked);
    case 'zero':
      return words.zero;
  }
}
