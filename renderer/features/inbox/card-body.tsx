import type { ReactNode } from 'react';
import { digestGroups } from '../../ui/digest.ts';
import { FactRows } from '../../ui/fact.tsx';
import { InertText } from '../../ui/inert-text.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { text as uiText } from '../../ui/text.ts';
import { AskedInParts, AskedWhole, standsInParts } from './ask.tsx';
import { AskedExactly } from './asked-exactly.tsx';
import type { NarrowProps } from './narrow-fields.tsx';
import { text } from './text.ts';
import type { Preview } from './use-preview.ts';

interface CardBodyProps extends NarrowProps {
  readonly preview: Preview;
  /** The name of a new agent, before anything else. */
  readonly naming: ReactNode;
}

/** The body of the cheque: sentence, where, what can be narrowed, the agent's words, what follows, the digest. */
export function CardBody({ card, preview, naming, draft, onChange }: CardBodyProps) {
  const inParts = standsInParts(card);
  return (
    <>
      {naming}
      <h2 id="ask" className={inParts ? 'text-lg font-semibold' : 'text-xl leading-snug tracking-tight'}>
        {inParts ? text.parts.title(card.details.length) : <Sentence parts={preview.view?.sentence ?? card.sentence} />}
      </h2>
      <p className="mt-1 mb-3.5 text-ink-2">
        <Sentence parts={card.lead} />
      </p>
      {card.riskReasons.length > 0 && (
        <ul
          aria-label={uiText.riskInWords[card.risk]}
          className={`mb-3.5 grid gap-0.5 text-sm ${card.risk === 'high' ? 'text-danger' : 'text-warn'}`}
        >
          {card.riskReasons.map((reason) => (
            <li key={reason}>
              <InertText text={reason} />
            </li>
          ))}
        </ul>
      )}
      {inParts ? (
        <AskedInParts card={card} preview={preview} draft={draft} onChange={onChange} />
      ) : (
        <AskedWhole card={card} draft={draft} onChange={onChange} />
      )}
      {card.claim !== undefined && <Claim name={card.agent.name} words={card.claim} />}
      {card.state === 'pending' && <Consequences preview={preview} />}
      <AskedExactly card={card} grantedDigest={preview.view?.grantedDigest} />
      {preview.view && (
        <p title={uiText.digestMeaning} className="mt-3.5 pb-3.5 font-mono text-sm tracking-wider text-ink-3">
          <span className="sr-only">{text.digest.granted}: </span>
          {digestGroups(preview.view.grantedDigest)}
        </p>
      )}
    </>
  );
}

/** The agent's own words, apart and grey. */
function Claim({ name, words }: { readonly name: string; readonly words: string }) {
  return (
    <figure className="my-3.5 rounded-e-s border-s-3 border-line-strong bg-sunken px-3.5 py-2.5 text-ink-2">
      <figcaption className="text-xs text-ink-3">
        <InertText text={text.says(name)} fold={80} cut />
      </figcaption>
      <blockquote className="max-h-80 overflow-y-auto">
        “<InertText text={words} fold={400} />”
      </blockquote>
    </figure>
  );
}

function Consequences({ preview }: { readonly preview: Preview }) {
  return (
    <details open className="mt-3.5">
      <summary className="mb-1.5 font-semibold">{text.consequences}</summary>
      {preview.problem && (
        <div className="mb-2">
          <p className="text-sm font-medium text-danger">{text.previewProblem}</p>
          <ProblemNote problem={preview.problem} />
        </div>
      )}
      {preview.view ? (
        <div aria-busy={!preview.current}>
          <FactRows facts={preview.view.consequences} />
        </div>
      ) : (
        !preview.problem && <Skeleton lines={2} />
      )}
    </details>
  );
}
