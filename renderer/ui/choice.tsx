import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { InertText } from './inert-text.tsx';

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

/** One of a few, side by side. Arrow keys move between them. */
export function Segmented<Value extends string>({ label, options, value, onChange }: ChoiceProps<Value>) {
  return (
    <ToggleGroup<Value>
      aria-label={label}
      value={[value]}
      onValueChange={([next]) => next !== undefined && onChange(next)}
      className="inline-flex min-h-8.5 max-w-full flex-wrap rounded-s border border-line bg-sunken p-0.5"
    >
      {options.map((option) => (
        <Toggle<Value>
          key={option.value}
          value={option.value}
          className="min-h-7 rounded-s px-2.25 text-sm whitespace-nowrap text-ink-2 data-pressed:bg-surface data-pressed:text-ink data-pressed:inset-ring data-pressed:inset-ring-line-strong"
        >
          {option.label}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}

interface ChipProps {
  readonly pressed: boolean;
  readonly onChange: (pressed: boolean) => void;
  readonly label: string;
  readonly disabled?: boolean;
  readonly mono?: boolean;
}

const chip =
  'min-h-7 rounded-l border px-3 py-0.5 text-sm text-start border-edge text-ink-2 data-pressed:border-transparent data-pressed:bg-accent-soft data-pressed:text-accent data-disabled:opacity-100';

/** On or off. A tick says it too, not only the colour. */
export function Chip({ pressed, onChange, label, disabled = false, mono = false }: ChipProps) {
  return (
    <Toggle pressed={pressed} disabled={disabled} onPressedChange={onChange} className={mono ? `${chip} font-mono text-xs` : chip}>
      {pressed && <span aria-hidden="true">✓ </span>}
      <InertText text={label} fold={80} cut />
    </Toggle>
  );
}
