import { useState } from 'react';
import { Button } from './button.tsx';
import { text } from './text.ts';

/** Copies text that is not secret. */
export function CopyButton({ value, label = text.copy }: { readonly value: string; readonly label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(value).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <Button size="s" onClick={copy} onBlur={() => setCopied(false)}>
      <span aria-live="polite">{copied ? text.copied : label}</span>
    </Button>
  );
}
