import { type ReactNode, useEffect } from 'react';
import { text } from './text.ts';

interface PageProps {
  readonly title: string;
  /** The state of the page in a few words, beside its name. */
  readonly sub?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page: name, state in a few words, what can be done, and what it shows. */
export function Page({ title, sub, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
  }, [title]);
  return (
    <>
      <header className="flex flex-wrap items-baseline gap-x-3 gap-y-2 pt-5 pb-4">
        <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
        {sub && <p className="text-ink-3">{sub}</p>}
        {actions && <div className="ms-auto flex flex-wrap items-center gap-2 self-center">{actions}</div>}
      </header>
      {children}
    </>
  );
}

/** An empty page that says what will stand here and what to do for it. */
export function Empty({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="max-w-xl rounded-l border border-dashed border-line-strong bg-surface p-6">
      <h2 className="text-lg font-semibold">{title}</h2>
      <div className="mt-2 grid gap-3 text-ink-2">{children}</div>
    </section>
  );
}
