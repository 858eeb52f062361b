import type { ReactNode } from 'react';
import { useRead } from '../../client.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Empty } from '../../ui/page.tsx';
import { text } from './text.ts';
import { TryIt } from './try-it.tsx';

/** Teaches what will stand here, and the two ways to get there. */
export function EmptyInbox({ recent }: { readonly recent: ReactNode }) {
  const status = useRead('status.get', {});
  return (
    <div className="grid max-w-2xl gap-5">
      <Empty title={text.empty.title}>
        <p>{text.empty.body}</p>
      </Empty>
      <TryIt />
      <section>
        <h2 className="font-semibold">{text.empty.connectTitle}</h2>
        <p className="mt-1 mb-2 text-ink-2">{text.empty.connectBody}</p>
        {status.data && (
          <p className="flex max-w-md items-center justify-between gap-3 rounded-s border border-line bg-sunken py-1.5 ps-3 pe-1.5">
            <code aria-label={text.empty.snippet} className="font-mono text-sm">
              {status.data.issuer}
            </code>
            <CopyButton value={status.data.issuer} />
          </p>
        )}
      </section>
      {recent}
    </div>
  );
}
