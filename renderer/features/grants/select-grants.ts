import type { GrantView } from '../../../src/contract/shapes.ts';
import { sentenceText } from '../../ui/sentence-text.ts';

export type GrantFilter = 'live' | 'ended' | 'high' | 'unused';

const day = 86_400_000;

/** From how many days without a use a live grant is pointed out. */
export const unusedAfterDays = 20;

/** Whole days since the last use, or since approval when there was none. */
export function unusedDays(grant: GrantView, now: number): number {
  return Math.floor((now - (grant.lastUsedAt ?? grant.createdAt)) / day);
}

/** True for a live grant that nobody has used for long. */
export function isUnused(grant: GrantView, now: number): boolean {
  return grant.live && unusedDays(grant, now) >= unusedAfterDays;
}

const tests: Readonly<Record<GrantFilter, (grant: GrantView, now: number) => boolean>> = {
  live: (grant) => grant.live,
  ended: (grant) => !grant.live,
  high: (grant) => grant.risk === 'high',
  unused: isUnused,
};

interface Selection {
  readonly filters: readonly GrantFilter[];
  readonly search: string;
  readonly now: number;
}

function matches(grant: GrantView, words: readonly string[]): boolean {
  const haystack = `${grant.agentName} ${sentenceText(grant.sentence)} ${grant.resourceName} ${grant.connectionName}`.toLowerCase();
  return words.every((word) => haystack.includes(word));
}

/** Live and ended add up; the other filters each take away. Live ones come first, then the newest. */
export function selectGrants(grants: readonly GrantView[], { filters, search, now }: Selection): readonly GrantView[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const states = filters.filter((filter) => filter === 'live' || filter === 'ended');
  const others = filters.filter((filter) => filter !== 'live' && filter !== 'ended');
  return grants
    .filter((grant) => states.length === 0 || states.some((state) => tests[state](grant, now)))
    .filter((grant) => others.every((filter) => tests[filter](grant, now)))
    .filter((grant) => matches(grant, words))
    .toSorted(
      (left, right) =>
        Number(right.live) - Number(left.live) || (right.endedAt ?? right.createdAt) - (left.endedAt ?? left.createdAt),
    );
}
