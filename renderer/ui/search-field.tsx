import type { RefObject } from 'react';
import { Kbd } from './kbd.tsx';

interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly inputRef: RefObject<HTMLInputElement | null>;
}

/** Narrows a list. `/` goes there, Escape empties it and goes back. */
export function SearchField({ label, value, onChange, inputRef }: SearchFieldProps) {
  return (
    <span className="inline-flex h-8.5 w-75 max-w-full items-center gap-2 rounded-s border border-edge bg-surface px-2.5 focus-within:outline-2 focus-within:outline-accent">
      <input
        ref={inputRef}
        type="search"
        aria-label={label}
        aria-keyshortcuts="/"
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          onChange('');
          event.currentTarget.blur();
        }}
        className="min-w-0 flex-1 bg-transparent outline-none"
      />
      <Kbd keys="/" />
    </span>
  );
}
