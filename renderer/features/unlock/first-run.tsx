import { useAct } from '../../client.ts';
import { ChoosePassphrase } from './choose-passphrase.tsx';
import { text } from './text.ts';

/** Makes the vault: choose a passphrase, type it once more, done. */
export function FirstRun() {
  const create = useAct('vault.create');
  return (
    <ChoosePassphrase
      lead={text.firstRun.lead}
      action={text.firstRun.create}
      busy={text.firstRun.creating}
      pending={create.pending}
      problem={create.problem}
      onPassphrase={(passphrase, onProblem) => create.act({}, { passphrase, onProblem })}
    />
  );
}
