import { useState } from 'react';
import { createReplyKey } from '../../../src/contract/sealed-reply.ts';
import { toProblem, useCall } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { PresenceForm } from '../../ui/presence-form.tsx';
import type { Problem } from '../../ui/problem.tsx';
import { CodeSheet } from './code-sheet.tsx';
import { text } from './text.ts';
import { TypeBack } from './type-back.tsx';

interface MakeCodeProps {
  readonly onDone: () => void;
  /** Before a code was made. */
  readonly onCancel?: () => void;
  /** When the code is there to be seen. */
  readonly onMade?: () => void;
}

/**
 * Makes a code: passphrase, code on paper, code typed back. The code came sealed to a key of this component, is kept nowhere else
 * in the page, and goes with the component.
 */
export function MakeCode({ onDone, onCancel, onMade }: MakeCodeProps) {
  const call = useCall();
  const [step, setStep] = useState<'ask' | 'show' | 'type' | 'done'>('ask');
  const [made, setMade] = useState<Made>();
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const make = async (passphrase: string): Promise<void> => {
    setPending(true);
    setProblem(undefined);
    try {
      const key = await createReplyKey('recovery.make');
      const { sealedCode } = await call('recovery.make', { replyKey: key.publicKey }, passphrase);
      setMade({ code: await key.open(sealedCode), at: Date.now() });
      setStep('show');
      onMade?.();
    } catch (error) {
      setProblem(toProblem(error));
    } finally {
      setPending(false);
    }
  };
  const tested = () => {
    setMade(undefined);
    setStep('done');
  };
  switch (step) {
    case 'ask':
      return (
        <PresenceForm
          label={text.make.presence}
          action={text.make.action}
          pending={pending}
          problem={problem}
          onConfirm={(passphrase) => void make(passphrase)}
          {...(onCancel && { onCancel })}
        />
      );
    case 'show':
      return made && <ShownCode made={made} onNext={() => setStep('type')} />;
    case 'type':
      return <TypeBack onDone={tested} other={{ label: text.type.again, go: () => setStep('show') }} />;
    case 'done':
      return (
        <div className="grid justify-items-start gap-3" role="status">
          <h2 className="text-lg font-semibold">{text.done.title}</h2>
          <p className="text-ink-2">{text.done.lead}</p>
          <Button look="primary" className="min-h-10 px-4" onClick={onDone} autoFocus>
            {text.done.close}
          </Button>
        </div>
      );
  }
}

interface Made {
  readonly code: string;
  readonly at: number;
}

function ShownCode({ made, onNext }: { readonly made: Made; readonly onNext: () => void }) {
  return (
    <div className="grid justify-items-start gap-3">
      <h2 className="text-lg font-semibold">{text.show.title}</h2>
      <p className="text-ink-2">{text.show.lead}</p>
      <CodeSheet code={made.code} madeAt={made.at} />
      <div className="flex flex-wrap items-center gap-2">
        <Button look="primary" className="min-h-10 px-4" onClick={onNext}>
          {text.show.next}
        </Button>
        <Button className="min-h-10" onClick={() => window.print()}>
          {text.show.print}
        </Button>
        <span className="text-sm text-ink-3">{text.show.printer}</span>
      </div>
    </div>
  );
}
