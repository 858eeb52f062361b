import { useState } from 'react';
import type { Status } from '../../../src/contract/shapes.ts';
import { useAct } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { PresenceForm } from '../../ui/presence-form.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Section } from './section.tsx';
import { text } from './text.ts';

const words = text.notification;

/** Whether a notification may approve low risk. Changed only with presence. */
export function NotificationSetting({ status }: { readonly status: Status }) {
  const [asking, setAsking] = useState(false);
  const change = useAct('settings.change');
  const on = status.settings.approveLowRiskOnNotification;
  return (
    <Section title={words.title}>
      <p className="text-ink-2">{words.meaning}</p>
      <p className="mt-1 text-sm text-ink-3">{words.states[status.notifications]}</p>
      <div className="mt-3 flex flex-wrap items-center gap-3">
        <Tag tone={on ? 'ok' : 'quiet'}>{on ? words.on : words.off}</Tag>
        {asking ? (
          <PresenceForm
            label={on ? words.presence.off : words.presence.on}
            action={on ? words.turnOff : words.turnOn}
            pending={change.pending}
            problem={change.problem}
            onConfirm={(passphrase) =>
              change.act({ approveLowRiskOnNotification: !on }, { passphrase, onDone: () => setAsking(false) })
            }
            onCancel={() => setAsking(false)}
          />
        ) : (
          <Button size="s" onClick={() => setAsking(true)}>
            {on ? words.turnOff : words.turnOn}
          </Button>
        )}
      </div>
    </Section>
  );
}
