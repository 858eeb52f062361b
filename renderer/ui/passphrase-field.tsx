import type { ComponentProps, RefObject } from 'react';
import { classNames } from './class-names.ts';

export interface PassphraseFieldProps extends Omit<ComponentProps<'input'>, 'type' | 'value' | 'defaultValue' | 'ref'> {
  readonly inputRef: RefObject<HTMLInputElement | null>;
  readonly label: string;
  /** `off` everywhere but where the vault itself is opened. */
  readonly autoComplete?: 'off' | 'new-password' | 'current-password';
}

/** Where a passphrase is typed. Uncontrolled: what is typed is never in React's state. */
export function PassphraseField({ inputRef, label, autoComplete = 'off', className, ...rest }: PassphraseFieldProps) {
  return (
    <label className={classNames('grid gap-1 text-xs text-ink-3', className)}>
      {label}
      <input
        ref={inputRef}
        type="password"
        autoComplete={autoComplete}
        autoCapitalize="off"
        autoCorrect="off"
        spellCheck={false}
        className="h-8.5 w-full min-w-0 rounded-s border border-edge bg-surface px-2.5 text-md text-ink"
        {...rest}
      />
    </label>
  );
}

/** Reads what was typed and empties the field, so that it is in the page no longer than one call. */
export function takePassphrase(input: HTMLInputElement | null): string {
  const typed = input?.value ?? '';
  if (input) input.value = '';
  return typed;
}
