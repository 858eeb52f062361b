import type { CardView, DetailFieldView, LifetimeName } from '../../../src/contract/shapes.ts';
import { Segmented } from '../../ui/choice.tsx';
import { ChoicesField } from './choices-field.tsx';
import { type Draft, fieldKey, lifetimeLadder, withField } from './draft.ts';
import { text } from './text.ts';
import { AmountField, LimitField, TimeField } from './typed-field.tsx';

export interface NarrowProps {
  readonly card: CardView;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

/** What can be made narrower in one detail, side by side. What nobody would enforce is not offered. */
export function DetailFields({ card, draft, onChange, index }: NarrowProps & { readonly index: number }) {
  return card.details[index]?.fields
    .filter((field) => field.narrowable)
    .map((field) => (
      <DetailFieldControl
        key={fieldKey(index, field)}
        field={field}
        onChange={(value) => onChange(withField(draft, { detailIndex: index, field, value }))}
      />
    ));
}

interface DetailFieldControlProps {
  readonly field: DetailFieldView;
  readonly onChange: (value: string | number | readonly string[] | undefined) => void;
}

function DetailFieldControl({ field, onChange }: DetailFieldControlProps) {
  switch (field.kind) {
    case 'amount':
      return <AmountField field={field} onChange={onChange} />;
    case 'limit':
      return <LimitField field={field} onChange={onChange} />;
    case 'time':
      return <TimeField field={field} onChange={onChange} />;
    case 'choices':
    case 'identifier':
    case 'text':
      return Array.isArray(field.value) ? (
        <ChoicesField
          label={field.label}
          asked={field.value}
          labels={field.choiceLabels}
          mono={field.mono ?? false}
          onChange={onChange}
        />
      ) : null;
  }
}

/** What can be made narrower in the answer as a whole: scopes and time. */
export function AnswerFields({ card, draft, onChange }: NarrowProps) {
  const { narrowing } = draft;
  const setLifetime = (lifetime: LifetimeName) => onChange({ ...draft, narrowing: { ...narrowing, lifetime } });
  return (
    <>
      {card.narrowable && card.scopes.length > 1 && (
        <ChoicesField
          label={text.fields.scopes}
          asked={card.scopes}
          mono
          onChange={(scopes) => onChange({ ...draft, narrowing: { ...narrowing, scopes: [...scopes] } })}
        />
      )}
      <div className="grid content-start gap-1.25 text-xs text-ink-3">
        <span aria-hidden="true">{text.fields.goodFor}</span>
        <Segmented
          label={text.fields.goodFor}
          options={lifetimeLadder(card.lifetimes).map((value) => ({ value, label: text.fields.lifetimes[value] }))}
          value={narrowing.lifetime}
          onChange={setLifetime}
        />
      </div>
    </>
  );
}
