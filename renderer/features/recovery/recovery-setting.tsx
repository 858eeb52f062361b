import { useState } from 'react';
import type { Status } from '../../../src/contract/shapes.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Tag } from '../../ui/tag.tsx';
import { MakeCode } from './make-code.tsx';
import { text } from './text.ts';
import { TypeBack } from './type-back.tsx';

const words = text.setting;
const tones = { none: 'quiet', untested: 'warn', tested: 'ok', lost: 'warn' } as const;

/** Whether there is a recovery code, and how to make or test one. */
export function RecoverySetting({ recovery }: Pick<Status, 'recovery'>) {
  const [doing, setDoing] = useState<'nothing' | 'making' | 'testing'>('nothing');
  const { state, at } = recovery;
  const stop = () => setDoing('nothing');
  return (
    <>
      <p className="text-ink-2">{words.meaning}</p>
      {state === 'lost' && (
        <div className="mt-2">
          <Notice tone="warn">{words.lost}</Notice>
        </div>
      )}
      <div className="mt-3 grid justify-items-start gap-3">
        <p className="flex flex-wrap items-center gap-2">
          <Tag tone={tones[state]}>{words.states[state]}</Tag>
          {state !== 'none' && at !== undefined && (
            <span className="text-sm text-ink-3">
              {words.at[state]} <RelativeTime at={at} />
            </span>
          )}
        </p>
        {doing === 'nothing' && state === 'untested' && (
          <p className="text-sm text-ink-2">{recovery.olderWorks ? words.olderWorks : words.untested}</p>
        )}
        {doing === 'nothing' && (
          <div className="flex flex-wrap gap-2">
            {(state === 'untested' || state === 'tested') && (
              <Button size="s" onClick={() => setDoing('testing')}>
                {words.test}
              </Button>
            )}
            <Button size="s" onClick={() => setDoing('making')}>
              {state === 'none' ? words.make : words.makeNew}
            </Button>
          </div>
        )}
        {doing === 'making' && (
          <>
            {state === 'tested' && <p className="text-sm text-ink-2">{words.replaces}</p>}
            <MakeCode onDone={stop} onCancel={stop} />
          </>
        )}
        {doing === 'testing' && <TypeBack onDone={stop} other={{ label: words.cancel, go: stop }} />}
      </div>
    </>
  );
}
