import { useId, useState } from 'react';
import { toast } from 'sonner';
import { useAct } from '../../client.ts';
import { Chip, Segmented } from '../../ui/choice.tsx';
import { inertString } from '../../ui/inert-text.ts';
import { PresenceForm } from '../../ui/presence-form.tsx';
import { text } from './text.ts';

export interface DetailTypeChoice {
  readonly type: string;
  readonly title: string;
}

interface AddLocalServerProps {
  readonly detailTypes: readonly DetailTypeChoice[];
  readonly onEnd: () => void;
}

const words = text.local;

/** What the person has typed so far. */
interface Draft {
  readonly name: string;
  readonly url: string;
  readonly types: readonly string[];
  readonly scopes: string;
  readonly verifiedBy: 'signature' | 'introspection';
  readonly key: string;
}

const empty: Draft = { name: '', url: '', types: [], scopes: '', verifiedBy: 'signature', key: '' };

/** What the person says about a local server, and the passphrase that adds it. The core checks all of it. */
export function AddLocalServer({ detailTypes, onEnd }: AddLocalServerProps) {
  const [draft, setDraft] = useState(empty);
  const add = useAct('resources.add');
  const input = {
    name: draft.name,
    url: draft.url,
    detailTypes: [...draft.types],
    scopes: draft.scopes.split(/\s+/).filter((scope) => scope !== ''),
    ...(draft.verifiedBy === 'introspection' ? { key: draft.key } : {}),
  };
  const onAdded = () => {
    toast(words.added(inertString(draft.name)));
    onEnd();
  };
  const change = (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed }));
  return (
    <div role="group" aria-label={words.begin} className="grid max-w-prose gap-3 rounded-m border border-line bg-sunken p-4">
      <h3 className="font-semibold">{words.begin}</h3>
      <What draft={draft} detailTypes={detailTypes} onChange={change} />
      <HowVerified draft={draft} onChange={change} />
      <PresenceForm
        label={words.presence}
        action={words.add}
        focused={false}
        pending={add.pending}
        problem={add.problem}
        onConfirm={(passphrase) => add.act(input, { passphrase, onDone: onAdded })}
        onCancel={onEnd}
      />
    </div>
  );
}

interface PartProps {
  readonly draft: Draft;
  readonly onChange: (changed: Partial<Draft>) => void;
}

function What({ draft, detailTypes, onChange }: PartProps & Pick<AddLocalServerProps, 'detailTypes'>) {
  const toggle = (type: string, on: boolean) =>
    onChange({ types: on ? [...draft.types, type] : draft.types.filter((one) => one !== type) });
  return (
    <>
      <Line focused label={words.name} hint={words.nameHint} value={draft.name} onChange={(name) => onChange({ name })} />
      <Line mono label={words.url} hint={words.urlHint} value={draft.url} onChange={(url) => onChange({ url })} />
      <fieldset>
        <legend className="font-medium">{words.types}</legend>
        <div className="mt-1 flex flex-wrap gap-1.5">
          {detailTypes.map(({ type, title }) => (
            <Chip key={type} label={title} pressed={draft.types.includes(type)} onChange={(on) => toggle(type, on)} />
          ))}
        </div>
      </fieldset>
      <Line
        mono
        label={words.scopesLabel}
        hint={words.scopesHint}
        value={draft.scopes}
        onChange={(scopes) => onChange({ scopes })}
      />
    </>
  );
}

function HowVerified({ draft, onChange }: PartProps) {
  return (
    <>
      <div className="grid justify-items-start gap-1">
        <p className="font-medium">{words.how}</p>
        <Segmented
          label={words.how}
          value={draft.verifiedBy}
          onChange={(verifiedBy) => onChange({ verifiedBy })}
          options={words.hows}
        />
        <p className="text-xs text-ink-2">{words.verifies[draft.verifiedBy]}</p>
      </div>
      {draft.verifiedBy === 'introspection' && (
        <Line long mono label={words.keyLabel} hint={words.keyHint} value={draft.key} onChange={(key) => onChange({ key })} />
      )}
    </>
  );
}

interface LineProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly focused?: boolean;
  readonly mono?: boolean;
  readonly long?: boolean;
}

function Line({ label, hint, value, onChange, focused = false, mono = false, long = false }: LineProps) {
  const id = useId();
  const hintId = useId();
  const given = {
    id,
    value,
    spellCheck: false,
    autoComplete: 'off',
    autoFocus: focused,
    'aria-describedby': hintId,
    onChange: (event: { readonly target: { readonly value: string } }) => onChange(event.target.value),
  };
  const look = `w-full rounded-s border border-edge bg-surface px-2.5 ${mono ? 'font-mono text-sm' : ''}`;
  return (
    <div>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {long ? (
        <textarea {...given} rows={4} maxLength={2000} className={`${look} py-1.5`} />
      ) : (
        <input {...given} maxLength={300} className={`${look} h-8.5`} />
      )}
      <p id={hintId} className="mt-0.5 text-xs text-ink-2">
        {hint}
      </p>
    </div>
  );
}
