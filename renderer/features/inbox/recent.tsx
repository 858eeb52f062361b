import type { ApprovalSummary } from '../../../src/contract/shapes.ts';
import { InertText } from '../../ui/inert-text.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { sentenceText } from '../../ui/sentence-text.ts';
import { text } from './text.ts';

const most = 8;

interface RecentProps {
  readonly requests: readonly ApprovalSummary[];
  readonly onOpen: (id: string) => void;
}

/** The last answers, to look at again. */
export function Recent({ requests, onOpen }: RecentProps) {
  if (requests.length === 0) return null;
  return (
    <details className="mt-4">
      <summary className="px-3 text-xs text-ink-3">{text.recent}</summary>
      <ol className="mt-1">
        {requests.slice(0, most).map((request) => (
          <li key={request.id}>
            <button
              type="button"
              onClick={() => onOpen(request.id)}
              className="grid w-full rounded-m px-3 py-1.5 text-start text-sm text-ink-2 hover:bg-sunken"
            >
              <span className="line-clamp-1">
                <InertText text={sentenceText(request.sentence)} fold={120} cut />
              </span>
              <span className="text-xs text-ink-3">
                {text.states[request.state]} · <RelativeTime at={request.createdAt} />
              </span>
            </button>
          </li>
        ))}
      </ol>
    </details>
  );
}
