import { type ReactNode, useEffect } from 'react';
import type { Status } from '../../../src/contract/shapes.ts';
import { InertText } from '../../ui/inert-text.tsx';
import { Mark } from '../../ui/mark.tsx';
import { Notice } from '../../ui/notice.tsx';
import { text } from './text.ts';

interface FrameProps {
  readonly title: string;
  readonly protection: Status['protection'];
  readonly children: ReactNode;
}

/** A card with a stub: who we are and where keys rest on the stub, what is asked beside it. */
export function Frame({ title, protection, children }: FrameProps) {
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
  }, [title]);
  return (
    <main className="grid min-h-full place-items-center overflow-auto p-4">
      <div className="grid w-full max-w-3xl overflow-hidden rounded-l border border-line bg-surface shadow-card card:grid-cols-[220px_1fr]">
        <aside className="relative border-line-strong bg-stub px-4 py-6 max-card:border-b-2 max-card:border-dashed card:border-e-2 card:border-dashed card:perforated">
          <p className="flex items-center gap-2.25 font-semibold text-accent">
            <Mark />
            {text.product}
          </p>
          <h2 className="mt-4 text-xs text-ink-3 card:mt-8">{text.protection.heading}</h2>
          <Protection protection={protection} />
        </aside>
        <div className="p-6">
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
          {children}
        </div>
      </div>
    </main>
  );
}

function Protection({ protection }: { readonly protection: Status['protection'] }) {
  const meaning = text.protection[protection.kind];
  return (
    <div className="mt-1 grid gap-2 text-sm">
      {protection.kind === 'os' ? <p>{meaning}</p> : <Notice tone="warn">{meaning}</Notice>}
      <p className="text-xs text-ink-3">
        <InertText text={protection.description} />
      </p>
    </div>
  );
}
