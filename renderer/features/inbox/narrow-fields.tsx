import type { CardView, LifetimeName } from '../../../src/contract/shapes.ts';
import { Segmented } from '../../ui/choice.tsx';
import { AmountField } from './amount-field.tsx';
import { ChoicesField } from './choices-field.tsx';
import { type Draft, fieldKey, lifetimeLadder, withField } from './draft.ts';
import { text } from './text.ts';

interface NarrowFieldsProps {
  readonly card: CardView;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

/** Everything that can be made narrower, side by side. What nobody would enforce is not offered. */
export function NarrowFields({ card, draft, onChange }: NarrowFieldsProps) {
  const { narrowing } = draft;
  const setLifetime = (lifetime: LifetimeName) => onChange({ ...draft, narrowing: { ...narrowing, lifetime } });
  return (
    <div className="flex flex-wrap gap-x-4 gap-y-3">
      {card.details.flatMap(({ fields }, detailIndex) =>
        fields
          .filter((field) => field.narrowable)
          .map((field) => {
            const key = fieldKey(detailIndex, field);
            if (field.kind === 'amount') {
              return (
                <AmountField
                  key={key}
                  field={field}
                  onChange={(value) => onChange(withField(draft, { detailIndex, field, value }))}
                />
              );
            }
            if (!Array.isArray(field.value)) return null;
            return (
              <ChoicesField
                key={key}
                label={field.label}
                asked={field.value}
                labels={field.choiceLabels}
                onChange={(value) => onChange(withField(draft, { detailIndex, field, value }))}
              />
            );
          }),
      )}
      {card.scopes.length > 1 && (
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
    </div>
  );
}
