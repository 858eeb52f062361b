import { memo, useState } from 'react';
import type { ApprovalSummary } from '../../../src/contract/shapes.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { InertText } from '../../ui/inert-text.tsx';
import { Countdown } from '../../ui/relative-time.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { RiskTag, Tag } from '../../ui/tag.tsx';
import { text } from './text.ts';

interface QueueProps {
  readonly requests: readonly ApprovalSummary[];
  readonly openId: string | undefined;
  readonly putOff: ReadonlySet<string>;
  readonly onOpen: (id: string) => void;
}

/** How many rows are drawn before the rest is asked for. */
const most = 60;

/** What waits, oldest first. Drawn anew only when it changed. */
export const Queue = memo(function Queue({ requests, openId, putOff, onOpen }: QueueProps) {
  const [all, setAll] = useState(false);
  const openAt = requests.findIndex((request) => request.id === openId);
  const shown = all ? requests : requests.slice(0, Math.max(most, openAt + 20));
  return (
    <>
      <ol aria-label={text.queue} className="max-card:flex max-card:gap-2 max-card:overflow-x-auto max-card:pb-1">
        {shown.map((request) => (
          <Waiting
            key={request.id}
            request={request}
            open={request.id === openId}
            putOff={putOff.has(request.id)}
            onOpen={onOpen}
          />
        ))}
      </ol>
      {shown.length < requests.length && (
        <Button look="link" size="s" onClick={() => setAll(true)}>
          {text.showMore(requests.length - shown.length)}
        </Button>
      )}
    </>
  );
});

interface WaitingProps {
  readonly request: ApprovalSummary;
  readonly open: boolean;
  readonly putOff: boolean;
  readonly onOpen: (id: string) => void;
}

const Waiting = memo(function Waiting({ request, open, putOff, onOpen }: WaitingProps) {
  return (
    <li className="row-lazy mb-1 max-card:mb-0 max-card:w-56 max-card:shrink-0">
      <button
        type="button"
        aria-current={open ? 'true' : undefined}
        onClick={() => onOpen(request.id)}
        className={classNames(
          'grid w-full gap-px rounded-m border px-3 py-2.5 text-start max-card:h-full',
          open ? 'border-line bg-surface shadow-card' : 'border-transparent hover:border-line',
        )}
      >
        <span className="text-xs text-ink-3">
          <InertText text={request.agentName} fold={40} cut />
        </span>
        <span className="line-clamp-2 font-medium">
          <Sentence parts={request.sentence.map(({ text: part }) => ({ text: part }))} cut />
        </span>
        <span className="mt-0.75 flex items-center gap-1.5 text-xs text-ink-3">
          <RiskTag risk={request.risk} />
          {request.agentIsNew && <Tag tone="info">{text.newAgent}</Tag>}
          {putOff && <Tag>{text.putOff}</Tag>}
          <span className="ms-auto">
            <Countdown until={request.expiresAt} />
          </span>
        </span>
      </button>
    </li>
  );
});
