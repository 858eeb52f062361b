import type { GrantView } from '../../../src/contract/shapes.ts';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { RiskTag, Tag } from '../../ui/tag.tsx';
import { absolute, clockTime, dayAndTime, duration } from '../../ui/time.ts';
import { useNow } from '../../ui/use-now.ts';
import { isUnused, unusedDays } from './select-grants.ts';
import { text } from './text.ts';

const small = 'block text-xs text-ink-3';

/** Until when, and how long that is; for an ended grant, since when and why. */
export function Until({ grant }: { readonly grant: GrantView }) {
  const now = useNow(10_000);
  if (!grant.live) {
    const endedAt = grant.endedAt ?? grant.expiresAt;
    return (
      <span title={absolute(endedAt)}>
        {text.ended(dayAndTime(endedAt, now).replace(/^today /, ''))}
        {grant.endedBy && <small className={small}>{text.endedBy[grant.endedBy]}</small>}
      </span>
    );
  }
  return (
    <span title={absolute(grant.expiresAt)}>
      <span className="whitespace-nowrap">{grant.once ? text.once : dayAndTime(grant.expiresAt, now)}</span>
      <small className={small}>
        {grant.once ? text.expires(clockTime(grant.expiresAt)) : text.left(duration(grant.expiresAt - now))}
      </small>
    </span>
  );
}

/** How often, and when last. Points out high risk and long disuse. */
export function Used({ grant }: { readonly grant: GrantView }) {
  const now = useNow(60_000);
  const unused = isUnused(grant, now);
  return (
    <>
      <span className="flex flex-wrap items-center gap-x-1.5">
        {grant.uses > 0 ? text.calls(grant.uses, grant.usesAllowed) : unused ? text.never : text.notYet}
        {grant.risk === 'high' && <RiskTag risk="high" />}
        {unused && <Tag tone="warn">{text.unusedFor(unusedDays(grant, now))}</Tag>}
      </span>
      {grant.lastUsedAt !== undefined && (
        <small className={small}>
          <RelativeTime at={grant.lastUsedAt} />
        </small>
      )}
    </>
  );
}
