import type { CardView, DetailFieldView } from '../../../src/contract/shapes.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { InertText } from '../../ui/inert-text.tsx';
import { text } from './text.ts';

/** Every member of the request, who holds the agent to it, and the request itself as JSON. Nothing is left out. */
export function AskedExactly({ card, grantedDigest }: { readonly card: CardView; readonly grantedDigest: string | undefined }) {
  return (
    <details className="mt-3">
      <summary className="mb-1.5 font-semibold">{text.exactly}</summary>
      {card.details.map(({ detail, title, fields }, index) => (
        <section key={index} className="mb-3">
          <h3 className="text-xs text-ink-3">
            <InertText text={title} />
          </h3>
          <dl className="grid gap-1 text-sm">
            {fields.map((field) => (
              <div key={field.pointer} className="flex flex-wrap gap-x-3">
                <dt className="min-w-24 text-ink-3">{field.label}</dt>
                <dd className="min-w-0 flex-1 basis-60">
                  <FieldValue field={field} />
                  <span className="block text-xs text-ink-3">
                    {field.enforcedBy.map((who) => text.enforced[who]).join(', ')}
                    {!field.narrowable && `; ${text.cannotNarrow}`}
                  </span>
                </dd>
              </div>
            ))}
          </dl>
          <div className="mt-2">
            <CodeBlock label={text.exactly} value={JSON.stringify(detail, undefined, 2)} />
          </div>
        </section>
      ))}
      <dl className="grid gap-1 font-mono text-xs text-ink-2">
        <div>
          <dt className="inline text-ink-3">{text.digest.asked} </dt>
          <dd className="inline">{card.askedDigest}</dd>
        </div>
        {grantedDigest && (
          <div>
            <dt className="inline text-ink-3">{text.digest.grantedLong} </dt>
            <dd className="inline">{grantedDigest}</dd>
          </div>
        )}
      </dl>
    </details>
  );
}

function FieldValue({ field }: { readonly field: DetailFieldView }) {
  const values = typeof field.value === 'string' ? [field.value] : field.value;
  return (
    <span className={field.kind === 'identifier' ? 'font-mono' : ''}>
      <InertText text={values.map((value) => field.choiceLabels?.[value] ?? value).join(', ')} fold={300} /> {field.unit}
    </span>
  );
}
