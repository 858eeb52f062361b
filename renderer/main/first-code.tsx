import { useState } from 'react';
import type { Status } from '../../src/contract/shapes.ts';
import { MakeCode } from '../features/recovery/make-code.tsx';
import { text } from '../features/recovery/text.ts';
import { Frame } from '../features/unlock/frame.tsx';
import { Button } from '../ui/button.tsx';

interface FirstCodeProps extends Pick<Status, 'protection'> {
  readonly onDone: () => void;
}

/** After the vault was made: a recovery code, or not now. */
export function FirstCode({ protection, onDone }: FirstCodeProps) {
  const [begun, setBegun] = useState(false);
  return (
    <Frame title={text.offer.title} protection={protection}>
      <div className="mt-2 grid gap-4">
        {!begun && <p className="text-ink-2">{text.offer.lead}</p>}
        <MakeCode onDone={onDone} onMade={() => setBegun(true)} />
        {!begun && (
          <p className="flex flex-wrap items-baseline gap-2 text-sm text-ink-3">
            <Button look="link" onClick={onDone}>
              {text.offer.later}
            </Button>
            {text.offer.laterMeaning}
          </p>
        )}
      </div>
    </Frame>
  );
}
