import { useEffect, useRef, useState } from 'react';
import { problemOf } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { Empty, Page } from '../../ui/page.tsx';
import { ProblemPanel } from '../../ui/problem.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { useKeys } from '../../ui/use-keys.ts';
import { EntriesTable } from './entries-table.tsx';
import { text } from './text.ts';
import { useEntries } from './use-entries.ts';
import { VerifyChain } from './verify-chain.tsx';

/** How long typing must rest before the log is searched. Milliseconds. */
const restMs = 250;

function useRested(value: string): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMs);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

/** What happened, in words and in full. */
export function AuditPage() {
  const searchField = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState('');
  const search = useRested(typed.trim());
  const list = useEntries(search);
  const problem = problemOf(list.error);
  const entries = list.data?.pages.flatMap((page) => page.entries);
  useKeys({ '/': () => searchField.current?.focus() });
  return (
    <Page title={text.title} sub={text.sub} actions={<VerifyChain />}>
      <div className="mb-3">
        <SearchField label={text.search} value={typed} onChange={setTyped} inputRef={searchField} />
      </div>
      {problem && !entries && (
        <ProblemPanel
          title={text.problem.title}
          problem={problem}
          unaffected={text.problem.unaffected}
          onRetry={() => void list.refetch()}
        />
      )}
      {!problem && !entries && <Skeleton lines={6} />}
      {entries?.length === 0 && search !== '' && <p className="text-ink-2">{text.noMatch}</p>}
      {entries?.length === 0 && search === '' && (
        <Empty title={text.none.title}>
          <p>{text.none.body}</p>
        </Empty>
      )}
      {entries && entries.length > 0 && <EntriesTable entries={entries} />}
      {list.hasNextPage && (
        <Button className="mt-3 self-start" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {list.isFetchingNextPage ? text.loading : text.more}
        </Button>
      )}
    </Page>
  );
}
