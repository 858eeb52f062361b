import { type ReactNode, useEffect } from 'react';
import { CopyButton } from '../ui/copy-button.tsx';
import { Mark } from '../ui/mark.tsx';
import { text } from './text.ts';

/** A page that stands apart from the frame: nothing behind it can be used. */
export function Apart({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
  }, [title]);
  return (
    <main className="grid min-h-full place-items-center p-6">
      <div className="w-full max-w-md">
        <p className="mb-4 flex items-center gap-2.25 font-semibold text-accent">
          <Mark />
          {text.product}
        </p>
        <div className="rounded-l border border-line bg-surface p-6 shadow-card">
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
          <div className="mt-2 grid gap-3">{children}</div>
        </div>
      </div>
    </main>
  );
}

function Commands() {
  return (
    <ul className="grid gap-2">
      {text.linkUsed.commands.map((command) => (
        <li
          key={command}
          className="flex items-center justify-between gap-3 rounded-s border border-line bg-sunken py-1.5 ps-3 pe-1.5"
        >
          <code className="font-mono text-sm">{command}</code>
          <CopyButton value={command} />
        </li>
      ))}
    </ul>
  );
}

/** The launch token was spent. */
export function LinkUsed() {
  return (
    <Apart title={text.linkUsed.title}>
      <p>{text.linkUsed.happened}</p>
      <p>{text.linkUsed.suspicion}</p>
      <p className="text-ink-2">{text.linkUsed.unaffected}</p>
      <p>{text.linkUsed.doThis}</p>
      <Commands />
    </Apart>
  );
}

/** The core has ended. */
export function Gone() {
  return (
    <Apart title={text.gone.title}>
      <p>{text.gone.happened}</p>
      <p className="font-medium">{text.gone.warning}</p>
      <p className="text-ink-2">{text.gone.unaffected}</p>
      <p>{text.gone.doThis}</p>
      <Commands />
    </Apart>
  );
}
