import { classNames } from './class-names.ts';

/** A key to press, drawn beside what it does. Not read out: `aria-keyshortcuts` is. */
export function Kbd({ keys, className }: { readonly keys: string; readonly className?: string }) {
  return (
    <kbd
      aria-hidden="true"
      className={classNames('rounded-s border border-line bg-surface px-1.25 font-mono text-2xs text-ink-3', className)}
    >
      {keys}
    </kbd>
  );
}
