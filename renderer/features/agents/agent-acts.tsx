import { useState } from 'react';
import { toast } from 'sonner';
import type { AgentView } from '../../../src/contract/shapes.ts';
import { useAct } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { inertString } from '../../ui/inert-text.ts';
import { PresenceForm } from '../../ui/presence-form.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { text } from './text.ts';

/** Suspend at once; resume with presence; remove after one more press. */
export function AgentActs({ agent }: { readonly agent: AgentView }) {
  const [asking, setAsking] = useState<'resume' | 'remove'>();
  const suspend = useAct('agents.suspend');
  const resume = useAct('agents.resume');
  const remove = useAct('agents.remove');
  const name = inertString(agent.name ?? agent.claimedName);
  const input = { id: agent.id };
  const done = (words: string) => () => {
    toast(words);
    setAsking(undefined);
  };
  const problem = suspend.problem ?? remove.problem;
  return (
    <div className="mt-3 grid gap-2">
      {asking === undefined && (
        <div className="flex flex-wrap gap-2">
          {agent.state === 'accepted' && (
            <Button size="s" onClick={() => suspend.act(input, { onDone: done(text.suspended(name)) })}>
              {text.suspend}
            </Button>
          )}
          {agent.state === 'suspended' && (
            <Button size="s" onClick={() => setAsking('resume')}>
              {text.resume}
            </Button>
          )}
          <Button size="s" look="danger" onClick={() => setAsking('remove')}>
            {text.remove}
          </Button>
        </div>
      )}
      {asking === 'resume' && (
        <PresenceForm
          label={text.resumePresence(name)}
          action={text.resume}
          pending={resume.pending}
          problem={resume.problem}
          onConfirm={(passphrase) => resume.act(input, { passphrase, onDone: done(text.resumed(name)) })}
          onCancel={() => setAsking(undefined)}
        />
      )}
      {asking === 'remove' && (
        <div role="group" className="grid gap-2">
          <p>{text.removeSure(name)}</p>
          <div className="flex gap-2">
            <Button size="s" autoFocus onClick={() => setAsking(undefined)}>
              {text.keep}
            </Button>
            <Button size="s" look="danger" onClick={() => remove.act(input, { onDone: done(text.removed(name)) })}>
              {text.removeDo}
            </Button>
          </div>
        </div>
      )}
      {problem && <ProblemNote problem={problem} />}
    </div>
  );
}
