import { useRef, useState } from 'react';
import type { GrantView } from '../../../src/contract/shapes.ts';
import { problemOf, useRead } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { Chip } from '../../ui/choice.tsx';
import { Empty, Page } from '../../ui/page.tsx';
import { ProblemPanel } from '../../ui/problem.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { useKeys } from '../../ui/use-keys.ts';
import { useNow } from '../../ui/use-now.ts';
import { EndAll } from './end-all.tsx';
import { GrantsTable } from './grants-table.tsx';
import { type GrantFilter, isUnused, selectGrants } from './select-grants.ts';
import { text } from './text.ts';
import { useRevoke } from './use-revoke.ts';

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}

const filterNames = ['live', 'ended', 'high', 'unused'] as const;

interface GrantsPageProps {
  /** The grant whose details are open. */
  readonly openId: string | undefined;
  readonly onOpen: (id: string | undefined) => void;
  /** Opened with the question whether all shall end: chosen in the tray, where a program can choose it as well. */
  readonly asksToEndAll: boolean;
  readonly onAnswered: () => void;
}

/** Who can do what, for how long, and did they use it. */
export function GrantsPage({ asksToEndAll, onAnswered, ...props }: GrantsPageProps) {
  const list = useRead('grants.list', {});
  const problem = problemOf(list.error);
  const now = useNow(60_000);
  const grants = list.data?.grants;
  const sub =
    grants && text.sub(grants.filter((grant) => grant.live).length, grants.filter((grant) => isUnused(grant, now)).length);
  return (
    <Page title={text.title} sub={sub}>
      {grants && asksToEndAll && <EndAll grants={grants.filter((grant) => grant.live)} onAnswered={onAnswered} />}
      {grants ? (
        <Grants grants={grants} {...props} />
      ) : problem ? (
        <ProblemPanel
          title={text.problem.title}
          problem={problem}
          unaffected={text.problem.unaffected}
          onRetry={() => void list.refetch()}
        />
      ) : (
        <Skeleton lines={5} />
      )}
    </Page>
  );
}

type GrantsProps = Pick<GrantsPageProps, 'openId' | 'onOpen'> & { readonly grants: readonly GrantView[] };

function Grants({ grants, openId, onOpen }: GrantsProps) {
  const searchField = useRef<HTMLInputElement>(null);
  const now = useNow(60_000);
  const [search, setSearch] = useState('');
  const [filters, setFilters] = useState<readonly GrantFilter[]>(() =>
    grants.some((grant) => grant.live && grant.id !== openId) ? ['live'] : [],
  );
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const revoke = useRevoke();
  useKeys({ '/': () => searchField.current?.focus() });
  if (grants.length === 0) {
    return (
      <Empty title={text.none.title}>
        <p>{text.none.body}</p>
      </Empty>
    );
  }
  const shown = selectGrants(grants, { filters, search, now });
  const chosen = grants.filter((grant) => grant.live && selected.has(grant.id));
  const toggle = (id: string) => setSelected((current) => toggled(current, id));
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <SearchField label={text.search} value={search} onChange={setSearch} inputRef={searchField} />
        <Filters filters={filters} onChange={setFilters} />
        {chosen.length > 0 && (
          <Button look="link" className="ms-auto" onClick={() => revoke(chosen, () => setSelected(new Set()))}>
            {text.revokeSelected(chosen.length)}
          </Button>
        )}
      </div>
      {shown.length === 0 ? (
        <p className="text-ink-2">
          {text.noMatch}
          <Button
            look="link"
            onClick={() => {
              setFilters([]);
              setSearch('');
            }}
          >
            {text.showAll}
          </Button>
        </p>
      ) : (
        <GrantsTable
          grants={shown}
          selected={selected}
          onSelect={toggle}
          openId={openId}
          onOpen={onOpen}
          onRevoke={(grant) => revoke([grant])}
        />
      )}
    </>
  );
}

interface FiltersProps {
  readonly filters: readonly GrantFilter[];
  readonly onChange: (filters: readonly GrantFilter[]) => void;
}

function Filters({ filters, onChange }: FiltersProps) {
  return filterNames.map((name) => (
    <Chip
      key={name}
      label={text.chips[name]}
      pressed={filters.includes(name)}
      onChange={(pressed) => onChange(pressed ? [...filters, name] : filters.filter((other) => other !== name))}
    />
  ));
}
