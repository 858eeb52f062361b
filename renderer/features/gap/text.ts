import type { GapFindingView, GapView } from '../../../src/contract/shapes.ts';
import { dayAndTime, number } from '../../ui/time.ts';

const changes = (count: number): string => (count === 1 ? '1 later change is' : `${number(count)} later changes are`);

/** What the question says when the data may not be what it was. */
export const text = {
  found: 'What was found',
  more: (count: number) => `And ${number(count)} more.`,
  affected: 'Grants that would be in force. Tick those that you want to keep; the others end.',
  none: 'No grant would be in force.',
  presence: 'Your passphrase, to answer',
  endAll: (count: number) => (count === 0 ? 'Go on' : count === 1 ? 'End it' : `End all ${number(count)}`),
  keep: (kept: number, ended: number) => (ended === 0 ? `Keep ${number(kept)}` : `Keep ${number(kept)}, end ${number(ended)}`),
  answer: 'Answer',
  done: (kept: number, ended: number) => `Answered: ${number(kept)} kept, ${number(ended)} ended.`,
  also: 'Agents without a kept grant are suspended, and approving on notifications is turned off: what you had suspended or turned off may have come back.',
  loading: 'Reading the grants …',
} as const;

const still = 'No call goes through until you say which grants shall go on.';

const openings = {
  rows: {
    title: 'Every grant stands still: the data of Counterfoil is not what it was.',
    meaning: `Something outside Counterfoil put back or changed its data. Grants that you ended may be open again. ${still}`,
  },
  log: {
    title: 'Every grant stands still: the audit log of Counterfoil is not what it was.',
    meaning: `Something outside Counterfoil removed or changed entries of the log. What you ended or denied while it was locked may have been undone. ${still}`,
  },
  copy: {
    title: 'Every grant stands still: Counterfoil cannot tell whether its data is the newest.',
    meaning: `The keychain does not have the copy that the data is compared with. After a new or restored keychain that is to be expected. Otherwise somebody may have removed it, so that older data is not noticed. ${still}`,
  },
} as const;

/** What the question begins with: no more than was found. */
export function openingText({ findings, more }: Pick<GapView, 'findings' | 'more'>): {
  readonly title: string;
  readonly meaning: string;
} {
  const kinds = new Set(findings.map(({ kind }) => kind));
  for (const kind of ['copy_missing', 'copy_damaged'] as const) kinds.delete(kind);
  if (kinds.size === 0 && more === 0) return openings.copy;
  for (const kind of ['log_cut', 'log_rewritten'] as const) kinds.delete(kind);
  return kinds.size === 0 && more === 0 ? openings.log : openings.rows;
}

/** One finding as a sentence. */
export function findingText(finding: GapFindingView, now: number): string {
  const { kind, what = 'a record', missing = 0, from, to } = finding;
  switch (kind) {
    case 'older_data': {
      const back = from === undefined ? 'an earlier state' : `how it was ${dayAndTime(from, now)}`;
      const last = to === undefined ? '' : `, the last of ${dayAndTime(to, now)}`;
      return `The data was put back to ${back}; ${changes(missing)} missing${last}.`;
    }
    case 'log_cut':
      return missing === 1
        ? 'The last entry of the audit log is missing.'
        : `The last ${number(missing)} entries of the audit log are missing.`;
    case 'log_rewritten':
      return 'The audit log is not the one that was written here.';
    case 'row_put_back':
      return `The record of ${what} is older than it was, or was changed.`;
    case 'row_returned':
      return `The record of ${what} is back although it was removed.`;
    case 'row_vanished':
      return `The record of ${what} is gone.`;
    case 'head_damaged':
      return 'The record that holds everything together was changed or removed.';
    case 'copy_missing':
      return 'The keychain has no copy to compare the data with. That also follows a restored or new keychain.';
    case 'copy_damaged':
      return 'The copy in the keychain is not ours.';
  }
}
