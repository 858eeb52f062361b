import { useState } from 'react';
import { toast } from 'sonner';
import type { ConnectionView } from '../../../src/contract/shapes.ts';
import { useAct } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { inertString } from '../../ui/inert-text.ts';
import { PresenceForm } from '../../ui/presence-form.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { SignInBegun } from './sign-in-begun.tsx';
import { text } from './text.ts';

interface Begun {
  readonly authorizationUrl: string;
  readonly opened: boolean;
}

/** Sign in with presence; sign out after one more press. */
export function ConnectionActs({ connection }: { readonly connection: ConnectionView }) {
  const [asking, setAsking] = useState<'sign_in' | 'sign_out'>();
  const [begun, setBegun] = useState<Begun>();
  const signIn = useAct('connections.signIn');
  const signOut = useAct('connections.signOut');
  const name = inertString(connection.name);
  const signedIn = connection.state === 'signed_in';
  const input = { id: connection.id };
  const onBegun = (answer: Begun) => {
    setBegun(answer);
    setAsking(undefined);
  };
  const onOut = () => {
    toast(text.signedOut(name));
    setAsking(undefined);
  };
  return (
    <div className="mt-4 grid gap-2">
      {begun && !signedIn && <SignInBegun {...begun} />}
      {asking === undefined && (
        <div className="flex flex-wrap gap-2">
          {!signedIn && (
            <Button size="s" onClick={() => setAsking('sign_in')}>
              {text.signIn}
            </Button>
          )}
          {connection.state !== 'signed_out' && (
            <Button size="s" look="danger" onClick={() => setAsking('sign_out')}>
              {text.signOut}
            </Button>
          )}
        </div>
      )}
      {asking === 'sign_in' && (
        <PresenceForm
          label={text.signInPresence(name)}
          action={text.signIn}
          pending={signIn.pending}
          problem={signIn.problem}
          onConfirm={(passphrase) => signIn.act(input, { passphrase, onDone: onBegun })}
          onCancel={() => setAsking(undefined)}
        />
      )}
      {asking === 'sign_out' && (
        <div role="group" className="grid gap-2">
          <p>{text.signOutSure(name)}</p>
          <div className="flex gap-2">
            <Button size="s" autoFocus onClick={() => setAsking(undefined)}>
              {text.keep}
            </Button>
            <Button size="s" look="danger" onClick={() => signOut.act(input, { onDone: onOut })}>
              {text.signOutDo}
            </Button>
          </div>
        </div>
      )}
      {signOut.problem && <ProblemNote problem={signOut.problem} />}
    </div>
  );
}
