import { useState } from 'react';
import { toast } from 'sonner';
import type { GapView, GrantView } from '../../../src/contract/shapes.ts';
import { useAct, useRead } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { InertText } from '../../ui/inert-text.tsx';
import { Notice } from '../../ui/notice.tsx';
import { PresenceForm } from '../../ui/presence-form.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { useNow } from '../../ui/use-now.ts';
import { findingText, openingText, text } from './text.ts';

/** Says on every page that data was put back, and asks which grants go on. Nothing is ticked at first. */
export function GapQuestion({ gap }: { readonly gap: GapView }) {
  const [asking, setAsking] = useState(false);
  const now = useNow(60_000);
  const { title, meaning } = openingText(gap);
  return (
    <div className="pt-4">
      <Notice tone="danger">
        <div className="grid gap-3">
          <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
            <p className="min-w-60 flex-1">
              <strong className="font-semibold">{title}</strong> {meaning}
            </p>
            {!asking && <Button onClick={() => setAsking(true)}>{text.answer}</Button>}
          </div>
          {asking && (
            <>
              <section aria-labelledby="gap-found">
                <h2 id="gap-found" className="text-sm font-semibold">
                  {text.found}
                </h2>
                <ul className="mt-1 list-disc ps-5 text-sm">
                  {gap.findings.map((finding, index) => (
                    <li key={index}>
                      <InertText text={findingText(finding, now)} />
                    </li>
                  ))}
                  {gap.more > 0 && <li>{text.more(gap.more)}</li>}
                </ul>
              </section>
              <Answer rows={gap.rows} onCancel={() => setAsking(false)} />
            </>
          )}
        </div>
      </Notice>
    </div>
  );
}

function Answer({ rows, onCancel }: { readonly rows: boolean; readonly onCancel: () => void }) {
  const list = useRead('grants.list', {});
  const answer = useAct('gap.answer');
  const [kept, setKept] = useState<ReadonlySet<string>>(new Set());
  if (!list.data) return <p className="text-sm text-ink-2">{text.loading}</p>;
  const live = list.data.grants.filter((grant) => grant.live);
  const keepGrantIds = live.filter(({ id }) => kept.has(id)).map(({ id }) => id);
  const ended = live.length - keepGrantIds.length;
  return (
    <>
      {live.length === 0 ? <p className="text-sm">{text.none}</p> : <KeepList grants={live} kept={kept} onChange={setKept} />}
      {rows && <p className="text-sm text-ink-2">{text.also}</p>}
      <PresenceForm
        label={text.presence}
        action={keepGrantIds.length === 0 ? text.endAll(ended) : text.keep(keepGrantIds.length, ended)}
        pending={answer.pending}
        problem={answer.problem}
        onConfirm={(passphrase) =>
          answer.act({ keepGrantIds }, { passphrase, onDone: () => toast(text.done(keepGrantIds.length, ended)) })
        }
        onCancel={onCancel}
      />
    </>
  );
}

interface KeepListProps {
  readonly grants: readonly GrantView[];
  readonly kept: ReadonlySet<string>;
  readonly onChange: (kept: ReadonlySet<string>) => void;
}

function KeepList({ grants, kept, onChange }: KeepListProps) {
  const toggle = (id: string): void => {
    const next = new Set(kept);
    if (!next.delete(id)) next.add(id);
    onChange(next);
  };
  return (
    <fieldset className="grid gap-1">
      <legend className="pb-1 text-sm">{text.affected}</legend>
      <div className="grid max-h-72 gap-1 overflow-y-auto">
        {grants.map((grant) => (
          <label key={grant.id} className="flex items-start gap-2.5 rounded-s bg-surface px-3 py-2">
            <input type="checkbox" className="mt-1" checked={kept.has(grant.id)} onChange={() => toggle(grant.id)} />
            <span className="min-w-0">
              <InertText text={grant.agentName} fold={60} cut /> · <Sentence parts={grant.sentence} />
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
