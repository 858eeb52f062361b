import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { DemoStateView } from '../../../src/contract/shapes.ts';
import { useAct, useRead } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { InertText } from '../../ui/inert-text.tsx';
import { PresenceForm } from '../../ui/presence-form.tsx';
import { webAddress } from '../../ui/web-address.ts';
import { text } from './text.ts';

/** Starts the demonstration, with the person's presence, and says how far it is. */
export function TryIt() {
  const queries = useQueryClient();
  const demo = useRead('demo.state', {});
  const start = useAct('demo.start');
  const [asking, setAsking] = useState(false);
  const state = demo.data?.state ?? 'off';
  const begin = (passphrase: string) =>
    start.act(
      {},
      {
        passphrase,
        onDone(output) {
          queries.setQueryData(['demo.state', {}], output);
          setAsking(false);
        },
      },
    );
  return (
    <section>
      <h2 className="font-semibold">{text.empty.tryTitle}</h2>
      <p className="mt-1 mb-2 text-ink-2">{text.empty.tryBody}</p>
      {demo.data && state !== 'off' && <Progress demo={demo.data} />}
      {(state === 'off' || state === 'failed') &&
        (asking ? (
          <PresenceForm
            label={text.empty.tryPresence}
            action={text.empty.start}
            pending={start.pending}
            problem={start.problem}
            onConfirm={begin}
            onCancel={() => setAsking(false)}
          />
        ) : (
          <Button look="primary" className="min-h-10 px-4" onClick={() => setAsking(true)}>
            {text.empty.tryButton}
          </Button>
        ))}
    </section>
  );
}

function Progress({ demo }: { readonly demo: DemoStateView }) {
  const address = demo.authorizationUrl === undefined ? undefined : webAddress(demo.authorizationUrl);
  return (
    <div role="status" className="mb-3 rounded-e-s border-s-3 border-info bg-info-soft px-3.5 py-2.5">
      <p>{address === undefined ? text.demo[demo.state] : text.demo.notOpened}</p>
      {demo.message !== undefined && (
        <p className="text-sm text-ink-2">
          <InertText text={demo.message} />
        </p>
      )}
      {address !== undefined && (
        <a href={address} target="_blank" rel="noreferrer" className="underline underline-offset-3">
          {text.demo.signInLink}
        </a>
      )}
    </div>
  );
}
