import { useState } from 'react';
import { toast } from 'sonner';
import { useAct } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { PresenceForm } from '../../ui/presence-form.tsx';
import { text } from './text.ts';

interface Preset {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
}

/** Connections that come with Counterfoil and are not added yet. */
export function Presets({ presets }: { readonly presets: readonly Preset[] }) {
  if (presets.length === 0) return null;
  return (
    <section className="mt-6">
      <h2 className="mb-2 font-semibold">{text.available}</h2>
      <ul className="grid gap-2">
        {presets.map((preset) => (
          <PresetRow key={preset.id} preset={preset} />
        ))}
      </ul>
    </section>
  );
}

function PresetRow({ preset }: { readonly preset: Preset }) {
  const [asking, setAsking] = useState(false);
  const add = useAct('connections.add');
  return (
    <li className="flex flex-wrap items-center gap-3 rounded-m border border-line bg-surface px-4 py-2.5">
      <div className="flex-1">
        <p className="font-medium">{preset.name}</p>
        <p className="font-mono text-xs text-ink-3">{preset.issuer}</p>
      </div>
      {asking ? (
        <PresenceForm
          label={text.addPresence(preset.name)}
          action={text.add}
          pending={add.pending}
          problem={add.problem}
          onConfirm={(passphrase) => add.act({ presetId: preset.id }, { passphrase, onDone: () => toast(text.added(preset.name)) })}
          onCancel={() => setAsking(false)}
        />
      ) : (
        <Button size="s" aria-label={text.addOf(preset.name)} onClick={() => setAsking(true)}>
          {text.add}
        </Button>
      )}
    </li>
  );
}
