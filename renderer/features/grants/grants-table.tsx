import { Fragment, useRef } from 'react';
import type { GrantView } from '../../../src/contract/shapes.ts';
import { classNames } from '../../ui/class-names.ts';
import { moveInRows } from '../../ui/move-in-rows.ts';
import { useKeys } from '../../ui/use-keys.ts';
import { GrantPanel } from './grant-panel.tsx';
import { GrantRow } from './grant-row.tsx';
import { text } from './text.ts';

interface GrantsTableProps {
  readonly grants: readonly GrantView[];
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (id: string) => void;
  readonly openId: string | undefined;
  readonly onOpen: (id: string | undefined) => void;
  readonly onRevoke: (grant: GrantView) => void;
}

const head = 'border-b border-line px-3.5 py-2.5 text-start text-xs font-medium text-ink-3';

/** The list: dense rows, each with the dashed line where its stub was torn off. */
export function GrantsTable({ grants, selected, onSelect, openId, onOpen, onRevoke }: GrantsTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const toggleOpen = (id: string) => onOpen(openId === id ? undefined : id);
  const onCurrent = (act: (id: string) => void) => {
    const id = body.current?.querySelector<HTMLElement>('tr[data-id]:focus-within')?.dataset['id'];
    if (id !== undefined) act(id);
  };
  useKeys({
    j: () => moveInRows(body.current, 1),
    k: () => moveInRows(body.current, -1),
    x: () => onCurrent(onSelect),
    o: () => onCurrent(toggleOpen),
  });
  return (
    <div
      tabIndex={0}
      role="region"
      aria-label={text.title}
      className="relative overflow-x-auto rounded-l border border-line bg-surface"
    >
      <table className="w-full border-separate border-spacing-0 wrap-break-word">
        <thead>
          <tr>
            <th scope="col" className={head}>
              <span className="sr-only">{text.columns.select}</span>
            </th>
            {[text.columns.agent, text.columns.may, text.columns.on, text.columns.until, text.columns.used].map((column) => (
              <th
                key={column}
                scope="col"
                className={classNames(head, (column === text.columns.on || column === text.columns.used) && 'max-card:hidden')}
              >
                {column}
              </th>
            ))}
            <th scope="col" className={head}>
              <span className="sr-only">{text.columns.act}</span>
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {grants.map((grant) => (
            <Fragment key={grant.id}>
              <GrantRow
                grant={grant}
                selected={selected.has(grant.id)}
                open={grant.id === openId}
                onSelect={() => onSelect(grant.id)}
                onOpen={() => toggleOpen(grant.id)}
                onRevoke={() => onRevoke(grant)}
              />
              {grant.id === openId && <GrantPanel grant={grant} />}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}
