import { useState } from 'react';
import type { Status } from '../../../src/contract/shapes.ts';
import { Notice } from '../../ui/notice.tsx';
import { FirstRun } from './first-run.tsx';
import { Frame } from './frame.tsx';
import { Recover } from './recover.tsx';
import { text } from './text.ts';
import { Unlock } from './unlock.tsx';

/** Before the vault is open: making it, opening it, or recovering it. What is missing is said, and never looks like a first start. */
export function UnlockPage({ status }: { readonly status: Status }) {
  const { missing, protection } = status;
  const [way, setWay] = useState<'passphrase' | 'code'>(missing ? 'code' : 'passphrase');
  if (status.vault === 'absent') {
    return (
      <Frame title={text.firstRun.title} protection={protection}>
        <FirstRun />
      </Frame>
    );
  }
  const title = missing ? text.missing.title : text.recover.title;
  return (
    <Frame title={way === 'code' ? title : text.unlock.title} protection={protection}>
      {missing && (
        <div className="mt-3 grid gap-2">
          <Notice tone="warn">
            <p className="font-medium">{missing.message}</p>
            {missing.hint !== undefined && <p>{missing.hint}</p>}
          </Notice>
          {way === 'code' && <p className="text-ink-2">{text.missing.meaning}</p>}
        </div>
      )}
      {way === 'code' ? (
        <Recover back={{ label: missing ? text.missing.back : text.recover.back, go: () => setWay('passphrase') }} />
      ) : (
        <Unlock status={status} onUseCode={() => setWay('code')} />
      )}
    </Frame>
  );
}
