import type { CardView } from '../../../src/contract/shapes.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { Sentence } from '../../ui/sentence.tsx';
import { sentenceText } from '../../ui/sentence-text.ts';
import { withoutDetail } from './draft.ts';
import { AnswerFields, DetailFields, type NarrowProps } from './narrow-fields.tsx';
import { text } from './text.ts';
import type { Preview } from './use-preview.ts';
import { WholeDetail } from './whole-detail.tsx';

interface AskProps extends NarrowProps {
  readonly preview: Preview;
}

/** True when each detail stands for itself, with its own sentence. */
export function standsInParts(card: CardView): boolean {
  return card.narrowable && card.details.length > 1;
}

/** What is asked, with what can be narrowed in it: one detail, or several that only the whole sentence names. */
export function AskedWhole({ card, draft, onChange }: NarrowProps) {
  return (
    <>
      {card.details.map(({ detail, known }, index) => !known && <WholeDetail key={index} name={detail.type} detail={detail} />)}
      {card.state === 'pending' && (
        <div className="flex flex-wrap gap-x-4 gap-y-3">
          {card.details.map((_, index) => (
            <DetailFields key={index} card={card} draft={draft} onChange={onChange} index={index} />
          ))}
          <AnswerFields card={card} draft={draft} onChange={onChange} />
        </div>
      )}
    </>
  );
}

/** Several things in one request: each with its sentence, what can be narrowed in it, and a way to take it out whole. */
export function AskedInParts({ card, preview, draft, onChange }: AskProps) {
  return (
    <>
      <ol className="mb-3.5 grid gap-3">
        {card.details.map((_, index) => (
          <Part key={index} index={index} card={card} preview={preview} draft={draft} onChange={onChange} />
        ))}
      </ol>
      {card.state === 'pending' && (
        <div className="flex flex-wrap gap-x-4 gap-y-3">
          <AnswerFields card={card} draft={draft} onChange={onChange} />
        </div>
      )}
    </>
  );
}

function Part({ card, preview, draft, onChange, index }: AskProps & { readonly index: number }) {
  const part = card.details[index];
  if (!part) return null;
  const out = draft.removed.includes(index);
  const last = !out && draft.removed.length === card.details.length - 1;
  const place = index - draft.removed.filter((other) => other < index).length;
  const now = (!out && preview.current && preview.view?.parts[place]) || part.sentence;
  const name = sentenceText(part.sentence);
  return (
    <li className="border-s-3 border-line-strong ps-3.5">
      <div className="flex items-start gap-3">
        <h3 className={classNames('min-w-0 flex-1 text-xl leading-snug tracking-tight', out && 'text-ink-3 line-through')}>
          <Sentence parts={now} />
        </h3>
        {card.state === 'pending' && !last && (
          <Button
            size="s"
            aria-label={out ? text.parts.putBackOf(name) : text.parts.takeOutOf(name)}
            onClick={() => onChange(withoutDetail(draft, card, index))}
          >
            {out ? text.parts.putBack : text.parts.takeOut}
          </Button>
        )}
      </div>
      {out && (
        <p role="status" className="text-sm text-ink-2">
          {text.parts.isOut}
        </p>
      )}
      {!part.known && <WholeDetail name={part.detail.type} detail={part.detail} />}
      {card.state === 'pending' && !out && (
        <div className="mt-2 flex flex-wrap gap-x-4 gap-y-3 empty:hidden">
          <DetailFields card={card} draft={draft} onChange={onChange} index={index} />
        </div>
      )}
    </li>
  );
}
