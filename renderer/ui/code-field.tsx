import type { ComponentProps, RefObject } from 'react';
import { classNames } from './class-names.ts';

interface CodeFieldProps extends Omit<ComponentProps<'textarea'>, 'value' | 'defaultValue' | 'ref'> {
  readonly inputRef: RefObject<HTMLTextAreaElement | null>;
  readonly label: string;
}

/** Where a code is typed from paper: in sight, because forty signs cannot be typed blind. Uncontrolled, and never kept by the browser. */
export function CodeField({ inputRef, label, className, ...rest }: CodeFieldProps) {
  return (
    <label className={classNames('grid gap-1 text-xs text-ink-3', className)}>
      {label}
      <textarea
        ref={inputRef}
        rows={2}
        autoComplete="off"
        autoCapitalize="characters"
        autoCorrect="off"
        spellCheck={false}
        className="w-full min-w-0 resize-none rounded-s border border-edge bg-surface px-2.5 py-2 font-mono text-lg text-ink uppercase"
        onKeyDown={submitOnEnter}
        {...rest}
      />
    </label>
  );
}

/** A code has no lines: Enter means "go on", as in any other field. */
function submitOnEnter(event: { readonly key: string; readonly currentTarget: HTMLTextAreaElement; preventDefault(): void }): void {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  event.currentTarget.form?.requestSubmit();
}
