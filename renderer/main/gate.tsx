import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import type { Status } from '../../src/contract/shapes.ts';
import { problemOf, useChangeNotices, useRead } from '../client.ts';
import { ProblemPanel } from '../ui/problem.tsx';
import { text } from './text.ts';

const UnlockPage = lazy(async () => ({ default: (await import('../features/unlock/unlock-page.tsx')).UnlockPage }));

const loadFirstCode = () => import('./first-code.tsx');
const FirstCode = lazy(async () => ({ default: (await loadFirstCode()).FirstCode }));

const loadPages = () => import('./pages.tsx');
const Pages = lazy(async () => ({ default: (await loadPages()).Pages }));

/** What the vault's state allows: making it, opening it, or the pages. */
export function Gate({ onGone }: { readonly onGone: () => void }) {
  useChangeNotices(onGone);
  const status = useRead('status.get', {});
  const problem = problemOf(status.error);
  const open = status.data?.vault === 'unlocked' && status.data.unlockedHere;
  // In the page in which the vault was made, the recovery code is offered once, before anything else.
  const [isNew, setIsNew] = useState(false);
  if (status.data?.vault === 'absent' && !isNew) setIsNew(true);
  const queries = useQueryClient();
  useEffect(() => {
    if (open) return;
    // What was read while it was open does not stay behind the lock.
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'status.get' });
    void loadFirstCode();
    // The pages are fetched while the passphrase is typed, all of them: see `fetchAll`.
    void loadPages().then(({ fetchAll }) => fetchAll());
  }, [open, queries]);
  if (problem && !status.data) {
    return (
      <main className="p-6">
        <ProblemPanel
          title={text.statusProblem.title}
          problem={problem}
          unaffected={text.statusProblem.unaffected}
          onRetry={() => void status.refetch()}
        />
      </main>
    );
  }
  if (!status.data) return null;
  return <Suspense fallback={null}>{content(status.data)}</Suspense>;

  function content(current: Status) {
    if (!open) return <UnlockPage status={current} />;
    return isNew ? <FirstCode protection={current.protection} onDone={() => setIsNew(false)} /> : <Pages />;
  }
}
