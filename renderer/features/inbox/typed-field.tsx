import { type ComponentProps, useId, useState } from 'react';
import type { DetailFieldView } from '../../../src/contract/shapes.ts';
import { decimalsOf, parseAmountInput } from './money.ts';
import { text } from './text.ts';
import { localInput, parseLimitInput, parseTimeInput } from './typed-bounds.ts';

/** What was typed, as it is sent, or what is wrong with it. */
type Reading<Value> =
  | { readonly ok: true; readonly value: Value; readonly hint: string }
  | { readonly ok: false; readonly hint: string };

interface TypedFieldProps<Value> {
  readonly label: string;
  readonly unit?: string | undefined;
  /** What stands in it at first. */
  readonly asked: string;
  readonly input: Pick<ComponentProps<'input'>, 'type' | 'inputMode' | 'size' | 'step' | 'min' | 'max'>;
  readonly read: (typed: string) => Reading<Value>;
  readonly onChange: (value: Value | undefined) => void;
}

/** A value that can be made narrower by typing. Says what was asked, and when it was narrowed. */
function TypedField<Value>({ label, unit, asked, input, read, onChange }: TypedFieldProps<Value>) {
  const hintId = useId();
  const [typed, setTyped] = useState(asked);
  const reading = read(typed);
  const change = (next: string) => {
    setTyped(next);
    const result = read(next);
    onChange(result.ok ? result.value : undefined);
  };
  return (
    <label className="grid content-start gap-1.25 text-xs text-ink-3">
      {label}
      <span className="inline-flex h-8.5 w-max max-w-full items-center rounded-s border border-edge bg-surface px-2.5 focus-within:outline-2 focus-within:outline-accent">
        <input
          {...input}
          autoComplete="off"
          value={typed}
          onChange={(event) => change(event.target.value)}
          aria-invalid={!reading.ok || undefined}
          aria-describedby={hintId}
          className="min-w-0 bg-transparent text-md text-ink outline-none"
        />
        <span>{unit}</span>
      </span>
      <span id={hintId} className={reading.ok ? '' : 'text-danger'}>
        {reading.hint}
      </span>
    </label>
  );
}

interface FieldProps<Value> {
  readonly field: DetailFieldView;
  /** `undefined` when what is typed cannot be sent. */
  readonly onChange: (value: Value | undefined) => void;
}

/** An amount that can be lowered. */
export function AmountField({ field, onChange }: FieldProps<string>) {
  const asked = String(field.value);
  const read = (typed: string): Reading<string> => {
    const parsed = parseAmountInput(typed, asked, field.unit);
    if (parsed.ok)
      return { ok: true, value: parsed.amount, hint: parsed.lowered ? text.fields.lowered(asked) : text.fields.asked(asked) };
    return {
      ok: false,
      hint: text.fields.amountProblems[parsed.why](parsed.why === 'tooMany' ? decimalsOf(asked, field.unit) : asked),
    };
  };
  const input = { inputMode: 'decimal', size: Math.max(8, asked.length) } as const;
  return <TypedField label={field.label} unit={field.unit} asked={asked} input={input} read={read} onChange={onChange} />;
}

/** A whole number that can be lowered. */
export function LimitField({ field, onChange }: FieldProps<number>) {
  const asked = String(field.value);
  const read = (typed: string): Reading<number> => {
    const value = parseLimitInput(typed, Number(asked));
    if (value === undefined) return { ok: false, hint: text.fields.limitProblem(asked) };
    return { ok: true, value, hint: value < Number(asked) ? text.fields.lowered(asked) : text.fields.asked(asked) };
  };
  const input = { inputMode: 'numeric', size: Math.max(6, asked.length) } as const;
  return <TypedField label={field.label} unit={field.unit} asked={asked} input={input} read={read} onChange={onChange} />;
}

/** An instant that can be moved inwards, typed in the time of this computer. */
export function TimeField({ field, onChange }: FieldProps<string>) {
  const asked = String(field.value);
  const { bound } = field;
  if (bound === undefined) return null;
  const local = localInput(asked);
  const shown = local.replace('T', ' ');
  const read = (typed: string): Reading<string> => {
    const value = parseTimeInput(typed, { asked, bound });
    if (value === undefined) return { ok: false, hint: text.fields.timeProblems[bound](shown) };
    return { ok: true, value, hint: value === asked ? text.fields.asked(shown) : text.fields.narrowed(shown) };
  };
  const input = { type: 'datetime-local', step: 1, ...(bound === 'earliest' ? { min: local } : { max: local }) } as const;
  return <TypedField label={field.label} asked={local} input={input} read={read} onChange={onChange} />;
}
