import { classNames } from './class-names.ts';
import { InertText } from './inert-text.tsx';
import { text } from './text.ts';

export interface FactProps {
  readonly label: string;
  readonly value: string;
  readonly standing: 'known' | 'claim' | 'unverified';
  readonly mono?: boolean | undefined;
}

const standings = {
  known: '',
  claim: 'border-s-2 border-line-strong ps-2 text-ink-2 italic',
  unverified: 'border-s-2 border-warn ps-2 text-warn',
} as const;

/** What a fact says. What the agent wrote and what nobody could check look different from what is known. */
export function FactValue({ value, standing, mono }: Omit<FactProps, 'label'>) {
  return (
    <span className={classNames('block', standings[standing], mono && 'font-mono text-[0.92em] not-italic')}>
      {standing === 'claim' ? '“' : ''}
      <InertText text={value} fold={160} />
      {standing === 'claim' ? '”' : ''}
    </span>
  );
}

/** The standing in a word, where it is not simply known. */
export function Standing({ standing }: Pick<FactProps, 'standing'>) {
  if (standing === 'known') return null;
  const claim = standing === 'claim';
  return (
    <span
      title={claim ? text.claimedMeaning : text.unverifiedMeaning}
      className={classNames('ms-1.5', claim ? 'italic' : 'text-warn')}
    >
      {claim ? text.claimed : text.unverified}
    </span>
  );
}

/** Facts one under the other, label above value: for a narrow column. */
export function FactColumn({ facts }: { readonly facts: readonly FactProps[] }) {
  return (
    <dl className="text-sm max-card:flex max-card:flex-wrap max-card:gap-x-6">
      {facts.map((fact, index) => (
        <div key={index} className="mt-2">
          <dt className="text-xs text-ink-3">
            {fact.label}
            <Standing standing={fact.standing} />
          </dt>
          <dd>
            <FactValue {...fact} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Facts as rows, label beside value. */
export function FactRows({ facts }: { readonly facts: readonly FactProps[] }) {
  return (
    <dl className="grid grid-cols-[minmax(6rem,auto)_1fr] gap-x-5 gap-y-1.5 text-sm">
      {facts.map((fact, index) => (
        <div key={index} className="col-span-2 grid grid-cols-subgrid">
          <dt className="max-w-40 text-ink-3">
            {fact.label}
            <Standing standing={fact.standing} />
          </dt>
          <dd>
            <FactValue {...fact} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
