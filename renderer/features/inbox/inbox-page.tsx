import { useEffect, useState } from 'react';
import type { ApprovalSummary } from '../../../src/contract/shapes.ts';
import { problemOf, useRead } from '../../client.ts';
import { Page } from '../../ui/page.tsx';
import { ProblemPanel } from '../../ui/problem.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { duration } from '../../ui/time.ts';
import { useKeys } from '../../ui/use-keys.ts';
import { useNow } from '../../ui/use-now.ts';
import { EmptyInbox } from './empty-inbox.tsx';
import { OpenCard } from './open-card.tsx';
import { Queue } from './queue.tsx';
import { Recent } from './recent.tsx';
import { text } from './text.ts';

interface InboxPageProps {
  /** The request whose card is open. */
  readonly openId: string | undefined;
  readonly onOpen: (id: string | undefined) => void;
  readonly onOpenGrant: (grantId: string) => void;
}

/** What waits for an answer, and the card of one of them. */
export function InboxPage({ openId, onOpen, onOpenGrant }: InboxPageProps) {
  const list = useRead('approvals.list', {});
  const problem = problemOf(list.error);
  const pending = list.data?.pending ?? [];
  return (
    <Page title={text.title} sub={list.data && <Waiting pending={pending} />}>
      {list.data ? (
        <Desk pending={pending} recent={list.data.recent} openId={openId} onOpen={onOpen} onOpenGrant={onOpenGrant} />
      ) : problem ? (
        <ProblemPanel
          title={text.loadProblem.title}
          problem={problem}
          unaffected={text.loadProblem.unaffected}
          onRetry={() => void list.refetch()}
        />
      ) : (
        <Skeleton />
      )}
    </Page>
  );
}

function Waiting({ pending }: { readonly pending: readonly ApprovalSummary[] }) {
  const now = useNow();
  if (pending.length === 0) return text.subEmpty;
  const first = Math.min(...pending.map((request) => request.expiresAt));
  return text.sub(pending.length, duration(first - now));
}

interface DeskProps extends InboxPageProps {
  readonly pending: readonly ApprovalSummary[];
  readonly recent: readonly ApprovalSummary[];
}

function nextOf(pending: readonly ApprovalSummary[], putOff: ReadonlySet<string>): string | undefined {
  return pending.find((request) => !putOff.has(request.id))?.id;
}

function Desk({ pending, recent, openId, onOpen, onOpenGrant }: DeskProps) {
  const [putOff, setPutOff] = useState<ReadonlySet<string>>(new Set());
  const firstId = openId ?? nextOf(pending, putOff);
  // Pinned by the address at once, so that a request that comes in never takes the place of the one being read.
  useEffect(() => {
    if (openId === undefined && firstId !== undefined) onOpen(firstId);
  }, [openId, firstId, onOpen]);
  const step = (by: 1 | -1) => {
    const next = pending[pending.findIndex((request) => request.id === openId) + by];
    if (next) onOpen(next.id);
  };
  useKeys({ j: () => step(1), k: () => step(-1) });
  // A decided request stays out of the way, too, until the list without it has come.
  const goOn = () => {
    const off = new Set(putOff).add(firstId ?? '');
    setPutOff(off);
    onOpen(nextOf(pending, off));
  };
  if (firstId === undefined && pending.length === 0) return <EmptyInbox recent={<Recent requests={recent} onOpen={onOpen} />} />;
  return (
    <div className="min-h-0 flex-1 gap-4 max-card:grid max-card:content-start card:grid card:grid-cols-[216px_1fr] card:grid-rows-[minmax(0,1fr)]">
      <div className="min-w-0 card:overflow-y-auto">
        <Queue requests={pending} openId={openId} putOff={putOff} onOpen={onOpen} />
        <Recent requests={recent} onOpen={onOpen} />
      </div>
      {firstId === undefined ? (
        <section className="self-start rounded-l border border-dashed border-line-strong bg-surface p-6">
          <h2 className="text-lg font-semibold">{text.rest.title}</h2>
          <p className="mt-1 text-ink-2">{text.rest.body(pending.length)}</p>
        </section>
      ) : (
        <OpenCard key={firstId} id={firstId} onDone={goOn} onLater={goOn} onOpenGrant={onOpenGrant} />
      )}
    </div>
  );
}
