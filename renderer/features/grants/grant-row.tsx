import type { GrantView } from '../../../src/contract/shapes.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { inertString } from '../../ui/inert-text.ts';
import { InertText } from '../../ui/inert-text.tsx';
import { sentenceText } from '../../ui/sentence-text.ts';
import { shortDate } from '../../ui/time.ts';
import { useNow } from '../../ui/use-now.ts';
import { Until, Used } from './grant-cells.tsx';
import { text } from './text.ts';

interface GrantRowProps {
  readonly grant: GrantView;
  readonly selected: boolean;
  readonly open: boolean;
  readonly onSelect: () => void;
  readonly onOpen: () => void;
  readonly onRevoke: () => void;
}

const cell = 'border-b border-line px-3.5 py-2.75 align-top max-card:px-2.5';

/** One grant. The whole of it is in the details; the row says what matters. */
export function GrantRow({ grant, selected, open, onSelect, onOpen, onRevoke }: GrantRowProps) {
  const sentence = sentenceText(grant.sentence);
  const agent = inertString(grant.agentName);
  const now = useNow(60_000);
  return (
    <tr data-id={grant.id} className={classNames(selected && 'bg-accent-soft', !grant.live && 'text-ink-3')}>
      <td className={`${cell} w-12 border-e-2 border-e-line [border-inline-end-style:dashed]`}>
        {grant.live && (
          <input
            type="checkbox"
            checked={selected}
            onChange={onSelect}
            aria-label={text.select(agent, sentence)}
            aria-keyshortcuts="x"
          />
        )}
      </td>
      <td className={cell}>
        <button
          type="button"
          data-row-focus
          aria-expanded={open}
          aria-label={text.open(agent)}
          onClick={onOpen}
          className="text-start font-semibold hover:underline"
        >
          <InertText text={grant.agentName} fold={60} cut />
        </button>
        {grant.agentSince !== undefined && (
          <small className="block text-xs whitespace-nowrap text-ink-3">{text.since(shortDate(grant.agentSince, now))}</small>
        )}
      </td>
      <td className={cell}>
        <InertText text={sentence} fold={160} />
        <small className="block text-xs text-ink-3 card:hidden">
          <InertText text={grant.resourceName} fold={80} />
        </small>
      </td>
      <td className={`${cell} max-card:hidden`}>
        <InertText text={grant.resourceName} fold={80} />
      </td>
      <td className={cell}>
        <Until grant={grant} />
        <div className="mt-1 card:hidden">
          <Used grant={grant} />
        </div>
      </td>
      <td className={`${cell} max-card:hidden`}>
        <Used grant={grant} />
      </td>
      <td className={`${cell} w-0 text-end`}>
        <EndIt grant={grant} label={text.revokeOf(agent, sentence)} onRevoke={onRevoke} />
      </td>
    </tr>
  );
}

interface EndItProps {
  readonly grant: GrantView;
  readonly label: string;
  readonly onRevoke: () => void;
}

function EndIt({ grant, label, onRevoke }: EndItProps) {
  if (grant.live) {
    return (
      <Button look="danger" size="s" aria-label={label} onClick={onRevoke}>
        {text.revoke}
      </Button>
    );
  }
  return (
    <span className="text-xs whitespace-nowrap text-ink-3" title={text.upstreamMeaning[grant.upstreamEnd]}>
      {text.upstream[grant.upstreamEnd]}
    </span>
  );
}
