import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { text } from './text.ts';

export type TagTone = 'quiet' | 'ok' | 'warn' | 'danger' | 'info';

const tones: Readonly<Record<TagTone, string>> = {
  quiet: 'bg-sunken text-ink-2',
  ok: 'bg-accent-soft text-accent',
  warn: 'bg-warn-soft text-warn',
  danger: 'bg-danger-soft text-danger',
  info: 'bg-info-soft text-info',
};

interface TagProps {
  readonly tone?: TagTone;
  readonly title?: string;
  readonly children: ReactNode;
}

/** A short word about a thing. The tone never says it alone. */
export function Tag({ tone = 'quiet', title, children }: TagProps) {
  return (
    <em
      title={title}
      className={classNames(
        'inline-block rounded-l px-1.75 py-px text-2xs font-semibold whitespace-nowrap not-italic',
        tones[tone],
      )}
    >
      {children}
    </em>
  );
}

const riskTones = { low: 'quiet', medium: 'warn', high: 'danger' } as const;

/** The risk of a request or a grant, in a word and a tone. */
export function RiskTag({ risk }: { readonly risk: 'low' | 'medium' | 'high' }) {
  return <Tag tone={riskTones[risk]}>{text.risk[risk]}</Tag>;
}
