import { Fragment, useRef, useState } from 'react';
import type { AuditEntryView } from '../../../src/contract/shapes.ts';
import { classNames } from '../../ui/class-names.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { moveInRows } from '../../ui/move-in-rows.ts';
import { useKeys } from '../../ui/use-keys.ts';
import { EntryRow } from './entry-row.tsx';
import { text } from './text.ts';

const head = 'border-b border-line px-3.5 py-2.5 text-start text-xs font-medium text-ink-3';

/** Entries, one line each; the whole entry under its row. */
export function EntriesTable({ entries }: { readonly entries: readonly AuditEntryView[] }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [open, setOpen] = useState<number>();
  useKeys({
    j: () => moveInRows(body.current, 1),
    k: () => moveInRows(body.current, -1),
    o: () => body.current?.querySelector<HTMLElement>('tr:focus-within [data-row-focus]')?.click(),
  });
  return (
    <div
      tabIndex={0}
      role="region"
      aria-label={text.title}
      className="shrink-0 relative overflow-x-auto rounded-l border border-line bg-surface"
    >
      <table className="w-full border-separate border-spacing-0 wrap-break-word">
        <thead>
          <tr>
            {Object.entries(text.columns).map(([key, label]) => (
              <th key={key} scope="col" className={classNames(head, (key === 'seq' || key === 'outcome') && 'max-card:hidden')}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {entries.map((entry) => (
            <Fragment key={entry.seq}>
              <EntryRow
                entry={entry}
                open={open === entry.seq}
                onOpen={() => setOpen(open === entry.seq ? undefined : entry.seq)}
              />
              {open === entry.seq && (
                <tr>
                  <td colSpan={5} className="border-b border-line bg-sunken p-3.5">
                    <CodeBlock label={text.json} value={entry.json} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}
