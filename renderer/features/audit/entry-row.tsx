import type { AuditEntryView } from '../../../src/contract/shapes.ts';
import { InertText } from '../../ui/inert-text.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { text } from './text.ts';

interface EntryRowProps {
  readonly entry: AuditEntryView;
  readonly open: boolean;
  readonly onOpen: () => void;
}

const cell = 'border-b border-line px-3.5 py-2.5 align-top';

/** One entry. Its words come first, its name in the log second. */
export function EntryRow({ entry, open, onOpen }: EntryRowProps) {
  return (
    <tr data-id={entry.seq}>
      <td className={`${cell} text-ink-3 max-card:hidden`}>{entry.seq}</td>
      <td className={`${cell} whitespace-nowrap text-ink-2`}>
        <RelativeTime at={Date.parse(entry.ts)} />
      </td>
      <td className={cell}>
        <button
          type="button"
          data-row-focus
          aria-expanded={open}
          title={text.open(entry.seq)}
          onClick={onOpen}
          className="text-start hover:underline"
        >
          <InertText text={entry.summary} fold={200} cut />
        </button>
        <small className="block font-mono text-2xs text-ink-3">{entry.event}</small>
        {entry.reason !== undefined && (
          <small className="block text-xs text-ink-2">
            <InertText text={entry.reason} fold={120} />
          </small>
        )}
      </td>
      <td className={cell}>{entry.agentName !== undefined && <InertText text={entry.agentName} fold={60} />}</td>
      <td className={`${cell} text-ink-2 max-card:hidden`}>
        {entry.outcome !== undefined && <InertText text={entry.outcome} fold={60} />}
      </td>
    </tr>
  );
}
