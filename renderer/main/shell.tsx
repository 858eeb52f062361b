import { Outlet, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useRead } from '../client.ts';
import { GapQuestion } from '../features/gap/gap-question.tsx';
import { Toasts } from '../ui/toasts.tsx';
import { useKeys } from '../ui/use-keys.ts';
import { Announcer } from './announcer.tsx';
import { PausedBanner } from './paused-banner.tsx';
import { Rail } from './rail.tsx';
import { text } from './text.ts';

export const fetchShortcuts = () => import('./shortcuts.tsx');
const Shortcuts = lazy(async () => ({ default: (await fetchShortcuts()).Shortcuts }));

/** The frame: rail at the start, page beside it. */
export function Shell() {
  const navigate = useNavigate();
  const status = useRead('status.get', {});
  const [sheetOpen, setSheetOpen] = useState(false);
  useKeys({
    'g i': () => void navigate({ to: '/inbox' }),
    'g g': () => void navigate({ to: '/grants' }),
    'g a': () => void navigate({ to: '/agents' }),
    'g c': () => void navigate({ to: '/connections' }),
    'g u': () => void navigate({ to: '/audit' }),
    'g s': () => void navigate({ to: '/settings' }),
    '?': () => setSheetOpen(true),
  });
  return (
    <>
      <a href="#page" onClick={skipToPage} className="sr-only focus:not-sr-only focus:fixed focus:z-10 focus:bg-surface focus:p-3">
        {text.skip}
      </a>
      <div className="grid h-full grid-cols-[84px_minmax(0,1fr)] rail:grid-cols-[200px_minmax(0,1fr)]">
        {status.data ? <Rail status={status.data} onShortcuts={() => setSheetOpen(true)} /> : <div />}
        <main
          id="page"
          tabIndex={-1}
          className="relative flex h-full min-w-0 flex-col overflow-y-auto px-4 pb-6 outline-none rail:px-6"
        >
          {status.data?.gap && <GapQuestion gap={status.data.gap} />}
          {status.data?.paused && <PausedBanner />}
          <Outlet />
        </main>
      </div>
      <Announcer />
      <Toasts />
      <Suspense fallback={null}>{sheetOpen && <Shortcuts open onOpenChange={setSheetOpen} />}</Suspense>
    </>
  );
}

/** By hand, because the fragment of the address is the page's name. */
function skipToPage(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#page')?.focus();
}
