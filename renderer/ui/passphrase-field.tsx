import type { ComponentProps, RefObject } from 'react';
import { classNames } from './class-names.ts';

export interface PassphraseFieldProps
  extends Omit<ComponentProps<'input'>, 'type' | 'value' | 'defaultValue' | 'ref' | 'autoComplete'> {
  readonly inputRef: RefObject<HTMLInputElement | null>;
  readonly label: string;
}

/**
 * What keeps password managers from offering to keep the passphrase: it opens the vault for every program that reads their store, and a
 * browser fills it in by host name, which another program can serve later. Browsers offer to keep a field that says `current-password`,
 * `new-password` or `off` (they disregard that for passwords); what says `one-time-code` they leave alone. The others are the words that
 * widespread extensions look for. None of this is a promise: what a browser keeps is up to it.
 */
const notToBeKept = {
  autoComplete: 'one-time-code',
  'data-1p-ignore': 'true',
  'data-bwignore': 'true',
  'data-lpignore': 'true',
} as const;

/** Where a passphrase is typed. Uncontrolled: what is typed is never in React's state. */
export function PassphraseField({ inputRef, label, className, ...rest }: PassphraseFieldProps) {
  return (
    <label className={classNames('grid gap-1 text-xs text-ink-3', className)}>
      {label}
      <input
        ref={inputRef}
        type="password"
        {...notToBeKept}
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
