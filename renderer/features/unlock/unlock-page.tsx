import type { Status } from '../../../src/contract/shapes.ts';
import { FirstRun } from './first-run.tsx';
import { Frame } from './frame.tsx';
import { text } from './text.ts';
import { Unlock } from './unlock.tsx';

/** Before the vault is open: making it, or opening it. */
export function UnlockPage({ status }: { readonly status: Status }) {
  const absent = status.vault === 'absent';
  return (
    <Frame title={absent ? text.firstRun.title : text.unlock.title} protection={status.protection}>
      {absent ? <FirstRun /> : <Unlock status={status} />}
    </Frame>
  );
}
