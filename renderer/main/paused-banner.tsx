import { useState } from 'react';
import { toast } from 'sonner';
import { useAct } from '../client.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { PresenceForm } from '../ui/presence-form.tsx';
import { text } from './text.ts';

const id = 'resume-agents';

/** Brings the banner's button to the person. */
export function focusResume(): void {
  document.querySelector<HTMLElement>(`#${id} button, #${id} input`)?.focus();
}

/** Says on every page that agents are paused, and resumes them with the person's presence. */
export function PausedBanner() {
  const resume = useAct('agents.resumeAll');
  const [asking, setAsking] = useState(false);
  return (
    <div id={id} className="pt-4">
      <Notice tone="warn">
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <p className="min-w-60 flex-1">
            <strong className="font-semibold">{text.pausedTitle}</strong> {text.pausedMeaning}
          </p>
          {asking ? (
            <PresenceForm
              label={text.resumePresence}
              action={text.resumeDo}
              pending={resume.pending}
              problem={resume.problem}
              onConfirm={(passphrase) => resume.act({}, { passphrase, onDone: () => toast(text.resumeDone) })}
              onCancel={() => setAsking(false)}
            />
          ) : (
            <Button onClick={() => setAsking(true)}>{text.resume}</Button>
          )}
        </div>
      </Notice>
    </div>
  );
}
