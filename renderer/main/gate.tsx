import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect } from 'react';
import { problemOf, useChangeNotices, useRead } from '../client.ts';
import { ProblemPanel } from '../ui/problem.tsx';
import { text } from './text.ts';

const UnlockPage = lazy(async () => ({ default: (await import('../features/unlock/unlock-page.tsx')).UnlockPage }));

const loadPages = () => import('./pages.tsx');
const Pages = lazy(async () => ({ default: (await loadPages()).Pages }));

/** What the vault's state allows: making it, opening it, or the pages. */
export function Gate({ onGone }: { readonly onGone: () => void }) {
  useChangeNotices(onGone);
  const status = useRead('status.get', {});
  const problem = problemOf(status.error);
  const open = status.data?.vault === 'unlocked' && status.data.unlockedHere;
  const queries = useQueryClient();
  useEffect(() => {
    if (open) return;
    // What was read while it was open does not stay behind the lock.
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'status.get' });
    // The pages are fetched while the passphrase is typed.
    void loadPages();
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
  return <Suspense fallback={null}>{open ? <Pages /> : <UnlockPage status={status.data} />}</Suspense>;
}
